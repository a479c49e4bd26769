/* Eagre as a library (C11, valid C++): open a pipeline from SQL, check it, explain it, run it.
 *
 * Life cycles
 *   error     eagre_error_new ... eagre_error_free; filled by every call that fails, reusable
 *   pipeline  eagre_pipeline_open ... eagre_pipeline_close; immutable in between
 *   engine    eagre_engine_open, eagre_engine_run, eagre_engine_close, in that order, on one
 *             thread; eagre_engine_stop from any thread or signal handler while `run` is under way
 *
 * Threads: a handle is used by one thread at a time. Callbacks come on threads of the engine, one
 * call at a time. The library never prints, never exits and installs no signal handlers.
 *
 * Option structs begin with their own size (set it with the _INIT macros); zero means the default.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <eagre/export.h>
#include <eagre/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct eagre_error eagre_error;
typedef struct eagre_pipeline eagre_pipeline;
typedef struct eagre_engine eagre_engine;

/* Receives pieces of text; `data` is not terminated and only valid during the call. */
typedef void eagre_write_fn(void *context, const char *data, size_t size);

/* ---- Process --------------------------------------------------------------------------------- */

/* "0.1.0". */
EAGRE_API const char *eagre_version(void);
/* Several lines: version, compiler, libraries, CPU features in use. */
EAGRE_API void eagre_build_describe(eagre_write_fn *write, void *context);
/* Once, before threads: reads EAGRE_CRASH_AT. USAGE when it names no crash point. */
EAGRE_API enum eagre_status eagre_initialize(eagre_error *error);

enum eagre_level { EAGRE_LEVEL_DEBUG, EAGRE_LEVEL_INFO, EAGRE_LEVEL_WARNING, EAGRE_LEVEL_ERROR };
typedef void eagre_line_fn(void *context, int level, const char *line);
/* Once, before threads: where log lines go. May be called from any thread afterwards. */
EAGRE_API void eagre_set_log(eagre_line_fn *line, void *context, enum eagre_level level);

/* ---- Errors ---------------------------------------------------------------------------------- */

EAGRE_API eagre_error *eagre_error_new(void);
EAGRE_API void eagre_error_free(eagre_error *error); /* NULL is fine */
EAGRE_API enum eagre_status eagre_error_code(const eagre_error *error);
/* Stable class name: "UNRESOLVED_COLUMN.WITH_SUGGESTION". Borrowed, like the three below. */
EAGRE_API const char *eagre_error_class(const eagre_error *error);
EAGRE_API const char *eagre_error_sentence(const eagre_error *error);
EAGRE_API const char *eagre_error_where(const eagre_error *error);  /* may be empty */
EAGRE_API const char *eagre_error_advice(const eagre_error *error); /* may be empty */
/* The line of `sql` the error points at, with carets below; nothing when it has no position. */
EAGRE_API void eagre_error_caret(const eagre_error *error, const char *sql, size_t sql_size,
                                 eagre_write_fn *write, void *context);
/* The exit status of the program eagre for a status. */
EAGRE_API int eagre_exit_status(enum eagre_status status);

/* ---- Pipelines ------------------------------------------------------------------------------- */

typedef struct eagre_pair {
  const char *name;
  const char *value;
} eagre_pair;

typedef struct eagre_pipeline_options {
  size_t size;
  const char *file_name; /* for messages */
  const char *sql;
  size_t sql_size;
  const eagre_pair *defines; /* text for ${name} */
  size_t define_count;
  const eagre_pair *settings; /* session configuration, wins over SET */
  size_t setting_count;
  const char *storage; /* root of default tables and checkpoints; NULL = "./eagre-data" */
  const char *trigger; /* wins over the file; NULL = as the file says */
  int is_query;        /* only SELECT (with SET and views) is allowed */
} eagre_pipeline_options;
#define EAGRE_PIPELINE_OPTIONS_INIT                                                                \
  { sizeof(eagre_pipeline_options) }

/* Parses, binds and checks everything that can be checked offline. Touches nothing outside memory.
 * USAGE; on failure *out_pipeline is NULL. */
EAGRE_API enum eagre_status eagre_pipeline_open(const eagre_pipeline_options *options,
                                                eagre_pipeline **out_pipeline, eagre_error *error);
EAGRE_API void eagre_pipeline_close(eagre_pipeline *pipeline); /* NULL is fine */
EAGRE_API size_t eagre_pipeline_flow_count(const eagre_pipeline *pipeline);
/* Sentences about settings that were accepted and mean nothing here. */
EAGRE_API size_t eagre_pipeline_notice_count(const eagre_pipeline *pipeline);
EAGRE_API void eagre_pipeline_notice(const eagre_pipeline *pipeline, size_t index,
                                     eagre_write_fn *write, void *context);
EAGRE_API void eagre_pipeline_explain(const eagre_pipeline *pipeline, int as_json,
                                      eagre_write_fn *write, void *context);

enum eagre_target { EAGRE_TARGET_SPARK };
/* The pipeline as a program for another engine: for Spark, PySpark. USAGE
 * UNSUPPORTED_FEATURE.EXPORT_TO_SPARK when it cannot be expressed there, and nothing written. */
EAGRE_API enum eagre_status eagre_pipeline_export(const eagre_pipeline *pipeline,
                                                  enum eagre_target target, eagre_write_fn *write,
                                                  void *context, eagre_error *error);

enum eagre_format { EAGRE_FORMAT_TABLE, EAGRE_FORMAT_JSON, EAGRE_FORMAT_CSV, EAGRE_FORMAT_TSV };
/* Runs the SELECT statements of a pipeline opened with `is_query`, one after the other; rows go to
 * `write` in the given format. DATA, IO, UNSAFE. */
EAGRE_API enum eagre_status eagre_pipeline_query(eagre_pipeline *pipeline, enum eagre_format format,
                                                 eagre_write_fn *write, void *context,
                                                 eagre_error *error);

/* ---- Engine ---------------------------------------------------------------------------------- */

/* One epoch, or an idle report, of one flow. Borrowed for the call. */
typedef struct eagre_report {
  const char *flow;
  size_t flow_size;
  int64_t epoch;
  int has_run; /* 0: nothing was new */
  uint64_t input_rows;
  uint64_t output_rows;
  uint64_t late_rows; /* groups dropped because of the watermark */
  int64_t duration_ms;
  int64_t watermark_ms;
  /* From the time stamps of the epoch's records to their results, microseconds; -1 = no record has
   * one. */
  int64_t latency_p50_us;
  int64_t latency_p99_us;
  const char *json; /* the whole as one line of JSON, in Spark's shape */
  size_t json_size;
} eagre_report;
typedef void eagre_report_fn(void *context, const eagre_report *report);

/* Who reads. AUTO splits a flow whose topics have at most half as many partitions as there are
 * cores, unless its trigger is continuous. */
enum eagre_placement {
  EAGRE_PLACEMENT_AUTO,
  EAGRE_PLACEMENT_FUSED, /* a core works what it has read */
  EAGRE_PLACEMENT_SPLIT, /* one core of two reads for the other */
};

typedef struct eagre_engine_options {
  size_t size;
  const uint32_t *cpus; /* pin cores to these */
  size_t cpu_count;
  uint32_t core_count; /* when `cpus` is NULL; 0 = all allowed CPUs */
  enum eagre_placement placement;
  int take_over;              /* go past the lock of a checkpoint */
  int has_assumed;            /* `assumed_epoch` is given: one flow only */
  int64_t assumed_epoch;      /* the last epoch the sink has, where it forgot; -1 = none */
  int64_t startup_timeout_ms; /* 0 = 30 s */
  int64_t stop_timeout_ms;    /* 0 = 10 s */
  const char *const *flows;   /* run only these */
  size_t flow_count;
  const char *metrics_address; /* "127.0.0.1:9404": Prometheus text at /metrics; NULL = none */
  eagre_report_fn *on_report;
  void *report_context;
  eagre_write_fn *console; /* rows of console sinks */
  void *console_context;
} eagre_engine_options;
#define EAGRE_ENGINE_OPTIONS_INIT                                                                  \
  { sizeof(eagre_engine_options) }

/* The pipeline must outlive the engine. USAGE for an unknown flow or too many cores. */
EAGRE_API enum eagre_status eagre_engine_open(eagre_pipeline *pipeline,
                                              const eagre_engine_options *options,
                                              eagre_engine **out_engine, eagre_error *error);
/* Runs until every flow has ended, failed or been stopped. The worst flow's status and error. */
EAGRE_API enum eagre_status eagre_engine_run(eagre_engine *engine, eagre_error *error);
/* Any thread, any signal handler. First: finish the current epochs and end; second: abandon them.
 */
EAGRE_API void eagre_engine_stop(eagre_engine *engine);
EAGRE_API void eagre_engine_close(eagre_engine *engine); /* NULL is fine */

#ifdef __cplusplus
}
#endif
