/* The program `eagre`: commands over the public library. Only this room prints.
 *
 * stdout carries results, stderr everything else. Exit statuses: include/eagre/status.def. */
#pragma once

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <eagre/eagre.h>
#include <eagre/inspect.h>

enum { CLI_PAIR_COUNT_MAX = 256, CLI_CPU_COUNT_MAX = 256, CLI_FLOW_COUNT_MAX = 256 };

enum cli_progress { CLI_PROGRESS_AUTO, CLI_PROGRESS_BAR, CLI_PROGRESS_JSON, CLI_PROGRESS_NONE };

/* Everything the options of any command can say. */
struct cli_options {
  eagre_pair settings[CLI_PAIR_COUNT_MAX];
  size_t setting_count;
  eagre_pair defines[CLI_PAIR_COUNT_MAX];
  size_t define_count;
  const char *storage;
  const char *trigger;
  uint32_t cpus[CLI_CPU_COUNT_MAX];
  size_t cpu_count;
  uint32_t core_count;
  int64_t startup_timeout_ms;
  int64_t stop_timeout_ms;
  const char *metrics_address;
  enum eagre_placement placement;
  bool take_over;
  bool has_assumed;
  int64_t assumed_epoch;
  enum cli_progress progress;
  enum eagre_format format;
  const char *target; /* export --to */
  bool is_json;       /* --format json, where text or a table is the other choice */
  enum eagre_level level;
  uint64_t count;
  uint64_t seed;
  double rate;
  const char *brokers;
  const char *topic;
  uint32_t partition_count;
  const char *workload; /* sla */
  double percentile;
  double limit_ms;
  double duration_s;
  double warm_up_s;
  const char *file; /* query -f */
  const char *arguments[CLI_FLOW_COUNT_MAX];
  size_t argument_count;
};

/* One command: name, what `eagre --help` says, body. */
struct cli_command {
  const char *name;
  const char *text;
  int (*run)(int argc, char **argv);
  bool is_documentation; /* listed apart: not for daily use */
};

int cli_run(int argc, char **argv);
int cli_query(int argc, char **argv);
int cli_validate(int argc, char **argv);
int cli_explain(int argc, char **argv);
int cli_export(int argc, char **argv);
int cli_checkpoint(int argc, char **argv);
int cli_lag(int argc, char **argv);
int cli_doctor(int argc, char **argv);
int cli_reference(int argc, char **argv);
int cli_version(int argc, char **argv);
int cli_demo(int argc, char **argv);
int cli_generate(int argc, char **argv);
int cli_sla(int argc, char **argv);

/* ---- Options (cli_options.c) ---- */

/* Which groups of options a command takes. */
enum cli_group {
  CLI_GROUP_SESSION = 1,   /* --set, --define, --storage, --config */
  CLI_GROUP_RUN = 2,       /* --cores, --trigger, timeouts, --progress ... */
  CLI_GROUP_QUERY = 4,     /* -f, --format table|json|csv|tsv */
  CLI_GROUP_EXPLAIN = 8,   /* --format text|json */
  CLI_GROUP_DEMO = 16,     /* --count, --cores, --storage */
  CLI_GROUP_GENERATE = 32, /* --count, --rate, --seed, --brokers, --topic, --partitions */
  CLI_GROUP_SLA = 512,     /* --rate, --limit, --percentile, --brokers, --topic ... */
  CLI_GROUP_EXPORT = 128,  /* --to */
  CLI_GROUP_DOCTOR = 256,  /* --format table|json, --startup-timeout */
  CLI_GROUP_LAG = 64,      /* --format table|json, --startup-timeout, --brokers */
};
/* Parses argv into `out`; prints usage and exits 0 for --help, exits 2 for a mistake. `usage` is
 * argp's argument line, `text` what --help says (examples included). */
void cli_options_parse(int argc, char **argv, int groups, const char *usage, const char *text,
                       size_t argument_count_min, struct cli_options *out);

/* ---- Output (cli_output.c) ---- */

/* Reads a file into memory; NULL (after saying why on stderr) when it cannot. */
char *cli_read_file(const char *path, size_t *out_size);
/* eagre_write_fn over a FILE. */
void cli_write(void *file, const char *data, size_t size);
/* The same, flushed at once: what a person waits for. */
void cli_write_now(void *file, const char *data, size_t size);
/* Prints an error with its place, caret and advice; returns the exit status. `sql` may be NULL. */
int cli_fail(const eagre_error *error, const char *sql, size_t sql_size);
/* Log lines to stderr at a level. */
void cli_log_begin(enum eagre_level level);
/* Opens the pipeline of a file; NULL and an exit status when it fails. */
eagre_pipeline *cli_open(const struct cli_options *options, const char *file_name, const char *sql,
                         size_t sql_size, bool is_query, int *out_exit);
/* A broken stdout (disk full, closed pipe) is a failure: returns `status`, or 3. */
int cli_finish(int status);

/* ---- Progress (cli_progress.c) ---- */

struct cli_progress_line {
  enum cli_progress kind;
  bool is_drawn;
  uint64_t row_count;
  int64_t begin_ms;
};
void cli_progress_begin(struct cli_progress_line *line, enum cli_progress kind);
void cli_progress_report(void *line, const eagre_report *report);
void cli_progress_end(struct cli_progress_line *line);
