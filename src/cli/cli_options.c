/* Options of all commands, in groups, over argp. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum option_key {
  KEY_SET = 's',
  KEY_DEFINE = 'd',
  KEY_FILE = 'f',
  KEY_STORAGE = 256,
  KEY_CONFIG,
  KEY_CORES,
  KEY_TRIGGER,
  KEY_AVAILABLE_NOW,
  KEY_ONCE,
  KEY_STARTUP_TIMEOUT,
  KEY_STOP_TIMEOUT,
  KEY_TAKE_OVER,
  KEY_ASSUME_COMMITTED,
  KEY_PROGRESS,
  KEY_METRICS,
  KEY_PLACEMENT,
  KEY_COUNT,
  KEY_RATE,
  KEY_SEED,
  KEY_BROKERS,
  KEY_TOPIC,
  KEY_PARTITIONS,
  KEY_LOG_LEVEL,
  KEY_FORMAT,
  KEY_TO,
  KEY_WORKLOAD,
  KEY_PERCENTILE,
  KEY_LIMIT,
  KEY_DURATION,
  KEY_WARM_UP,
};

struct grouped_option {
  int groups;
  struct argp_option option;
};

static const struct grouped_option grouped_options[] = {
    {CLI_GROUP_SESSION,
     {"set", KEY_SET, "KEY=VALUE", 0, "session configuration; wins over SET in the file", 1}},
    {CLI_GROUP_SESSION, {"define", KEY_DEFINE, "NAME=VALUE", 0, "text for ${NAME} in the file", 1}},
    {CLI_GROUP_SESSION,
     {"config", KEY_CONFIG, "FILE", 0, "more --set pairs, one KEY=VALUE per line", 1}},
    {CLI_GROUP_SESSION,
     {"storage", KEY_STORAGE, "DIR", 0, "root of managed tables and checkpoints (./eagre-data)",
      1}},
    {CLI_GROUP_SESSION,
     {"log-level", KEY_LOG_LEVEL, "LEVEL", 0, "debug, info, warning or error (info)", 1}},
    {CLI_GROUP_RUN,
     {"cores", KEY_CORES, "N|LIST", 0,
      "number of cores, or the CPUs to pin them to: 4 or 0,2,4-7 (a list has a comma or a dash)",
      2}},
    {CLI_GROUP_RUN | CLI_GROUP_EXPORT,
     {"trigger", KEY_TRIGGER, "T", 0,
      "trigger of all flows: 'processing time 1 second', 'continuous' ...", 2}},
    {CLI_GROUP_RUN | CLI_GROUP_EXPORT,
     {"available-now", KEY_AVAILABLE_NOW, 0, 0, "work off what is there now, then end", 2}},
    {CLI_GROUP_RUN | CLI_GROUP_EXPORT, {"once", KEY_ONCE, 0, 0, "one epoch, then end", 2}},
    {CLI_GROUP_RUN | CLI_GROUP_LAG | CLI_GROUP_DOCTOR,
     {"startup-timeout", KEY_STARTUP_TIMEOUT, "SECONDS", 0, "how long to look for a broker (30)",
      2}},
    {CLI_GROUP_RUN,
     {"stop-timeout", KEY_STOP_TIMEOUT, "SECONDS", 0,
      "how long a stop waits for the current epoch (10)", 2}},
    {CLI_GROUP_RUN,
     {"take-over", KEY_TAKE_OVER, 0, 0, "go past the lock of a checkpoint whose process hangs", 2}},
    {CLI_GROUP_RUN,
     {"assume-committed", KEY_ASSUME_COMMITTED, "N", 0,
      "the last epoch that the sink has, where only you can tell (one flow)", 2}},
    {CLI_GROUP_RUN,
     {"placement", KEY_PLACEMENT, "KIND", 0,
      "auto, fused, or split: one core of two reads for the other (auto: split where topics "
      "have so few partitions that half of the cores would read nothing)",
      2}},
    {CLI_GROUP_RUN,
     {"metrics", KEY_METRICS, "ADDR:PORT", 0, "serve Prometheus text at http://ADDR:PORT/metrics",
      2}},
    {CLI_GROUP_RUN,
     {"progress", KEY_PROGRESS, "KIND", 0,
      "auto, bar, json (one object per epoch on stderr) or none", 2}},
    {CLI_GROUP_QUERY, {"file", KEY_FILE, "FILE", 0, "read the statements from a file", 3}},
    {CLI_GROUP_QUERY, {"format", KEY_FORMAT, "FORMAT", 0, "table, json, csv or tsv (table)", 3}},
    {CLI_GROUP_EXPLAIN, {"format", KEY_FORMAT, "FORMAT", 0, "text or json (text)", 3}},
    {CLI_GROUP_LAG | CLI_GROUP_DOCTOR,
     {"format", KEY_FORMAT, "FORMAT", 0, "table or json (table)", 3}},
    {CLI_GROUP_EXPORT, {"to", KEY_TO, "ENGINE", 0, "spark: a PySpark program", 3}},
    {CLI_GROUP_LAG,
     {"brokers", KEY_BROKERS, "HOST:PORT", 0, "where a checkpoint's Kafka sources read from", 3}},
    {CLI_GROUP_DEMO | CLI_GROUP_GENERATE, {"count", KEY_COUNT, "N", 0, "number of records", 4}},
    {CLI_GROUP_DEMO, {"cores", KEY_CORES, "N", 0, "number of cores", 4}},
    {CLI_GROUP_DEMO,
     {"storage", KEY_STORAGE, "DIR", 0, "where the demo's folder is made (./eagre-data)", 4}},
    {CLI_GROUP_GENERATE, {"rate", KEY_RATE, "N", 0, "records per second (flat out)", 4}},
    {CLI_GROUP_GENERATE, {"seed", KEY_SEED, "N", 0, "seed of the records (1)", 4}},
    {CLI_GROUP_GENERATE, {"brokers", KEY_BROKERS, "HOST:PORT", 0, "write to Kafka (stdout)", 4}},
    {CLI_GROUP_GENERATE, {"topic", KEY_TOPIC, "NAME", 0, "topic to write to", 4}},
    {CLI_GROUP_SLA, {"rate", KEY_RATE, "N", 0, "records per second", 4}},
    {CLI_GROUP_SLA, {"limit", KEY_LIMIT, "MS", 0, "the latency to keep, in milliseconds", 4}},
    {CLI_GROUP_SLA,
     {"percentile", KEY_PERCENTILE, "P", 0, "which records have to keep it: 99 of 100 (99)", 4}},
    {CLI_GROUP_SLA, {"duration", KEY_DURATION, "SECONDS", 0, "how long to send (30)", 4}},
    {CLI_GROUP_SLA,
     {"warm-up", KEY_WARM_UP, "SECONDS", 0, "of these, how long not to count (5)", 4}},
    {CLI_GROUP_SLA,
     {"workload", KEY_WORKLOAD, "NAME", 0, "orders, device, ysb, words or nexmark (device)", 4}},
    {CLI_GROUP_SLA, {"seed", KEY_SEED, "N", 0, "seed of the records (1)", 4}},
    {CLI_GROUP_SLA, {"brokers", KEY_BROKERS, "HOST:PORT", 0, "where to write records", 4}},
    {CLI_GROUP_SLA, {"topic", KEY_TOPIC, "NAME", 0, "the topic that the pipeline reads", 4}},
    {CLI_GROUP_SLA, {"cores", KEY_CORES, "N", 0, "number of cores", 4}},
    {CLI_GROUP_GENERATE | CLI_GROUP_SLA,
     {"partitions", KEY_PARTITIONS, "N", 0, "number of partitions of the topic (1)", 4}},
};

enum { GROUPED_COUNT = sizeof grouped_options / sizeof grouped_options[0] };

static void add_pair(struct argp_state *state, eagre_pair *pairs, size_t *count, char *text) {
  char *equals = strchr(text, '=');
  if (equals == NULL || equals == text) {
    argp_error(state, "'%s' is not of the form KEY=VALUE", text);
    return;
  }
  if (*count == CLI_PAIR_COUNT_MAX) argp_error(state, "more than %d pairs", CLI_PAIR_COUNT_MAX);
  *equals = '\0';
  pairs[(*count)++] = (eagre_pair){text, equals + 1};
}

/* Lines of KEY=VALUE; blank lines and lines with # are skipped. The text stays for the process. */
static void read_config(struct argp_state *state, struct cli_options *options, const char *path) {
  size_t size = 0;
  char *text = cli_read_file(path, &size);
  if (text == NULL) exit(2);
  char *rest = text;
  for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
    while (isspace((unsigned char)*line)) {
      line++;
    }
    if (*line == '\0' || *line == '#') continue;
    add_pair(state, options->settings, &options->setting_count, line);
  }
}

static uint32_t parse_number(struct argp_state *state, const char *text, char **end) {
  errno = 0;
  unsigned long number = strtoul(text, end, 10);
  if (*end == text || errno != 0 || number > 65535) {
    argp_error(state, "'%s' is no number of a CPU", text);
  }
  return (uint32_t)number;
}

/* "4" is a count; "0,2,4-7" is a list. */
static void parse_cores(struct argp_state *state, struct cli_options *options, char *text) {
  char *end = text;
  options->cpu_count = 0;
  if (strpbrk(text, ",-") == NULL) {
    options->core_count = parse_number(state, text, &end);
    if (*end != '\0' || options->core_count == 0) argp_error(state, "'%s' is no core count", text);
    return;
  }
  while (*end != '\0') {
    uint32_t first = parse_number(state, end, &end);
    uint32_t last = first;
    if (*end == '-') last = parse_number(state, end + 1, &end);
    for (uint32_t cpu = first; cpu <= last && options->cpu_count < CLI_CPU_COUNT_MAX; cpu++) {
      options->cpus[options->cpu_count++] = cpu;
    }
    if (*end == ',') end++;
  }
}

/* The number of an epoch; -1 stands in front of the first. */
static int64_t parse_epoch(struct argp_state *state, const char *text) {
  char *end = NULL;
  errno = 0;
  long long number = strtoll(text, &end, 10);
  if (end == text || *end != '\0' || errno != 0 || number < -1) {
    argp_error(state, "'%s' is no number of an epoch", text);
  }
  return number;
}

static int64_t parse_seconds(struct argp_state *state, const char *text) {
  char *end = NULL;
  double seconds = strtod(text, &end);
  if (end == text || *end != '\0' || !(seconds > 0) || seconds > 1e6) {
    argp_error(state, "'%s' is no number of seconds", text);
  }
  return (int64_t)(seconds * 1000);
}

/* The index of `text` in a NULL-terminated list of words. */
static int parse_word(struct argp_state *state, const char *option, const char *text,
                      const char *const *words) {
  for (int i = 0; words[i] != NULL; i++) {
    if (strcmp(words[i], text) == 0) return i;
  }
  argp_error(state, "'%s' is no value of --%s", text, option);
  return 0;
}

struct parse_input {
  struct cli_options *options;
  int groups;
  size_t argument_count_min;
};

static error_t parse_run_option(int key, char *argument, struct argp_state *state,
                                struct cli_options *options) {
  static const char *const progress_words[] = {"auto", "bar", "json", "none", NULL};
  static const char *const placement_words[] = {"auto", "fused", "split", NULL};
  switch (key) {
  case KEY_CORES:
    parse_cores(state, options, argument);
    return 0;
  case KEY_TRIGGER:
    options->trigger = argument;
    return 0;
  case KEY_AVAILABLE_NOW:
    options->trigger = "available now";
    return 0;
  case KEY_ONCE:
    options->trigger = "once";
    return 0;
  case KEY_STARTUP_TIMEOUT:
    options->startup_timeout_ms = parse_seconds(state, argument);
    return 0;
  case KEY_STOP_TIMEOUT:
    options->stop_timeout_ms = parse_seconds(state, argument);
    return 0;
  case KEY_TAKE_OVER:
    options->take_over = true;
    return 0;
  case KEY_ASSUME_COMMITTED:
    options->has_assumed = true;
    options->assumed_epoch = parse_epoch(state, argument);
    return 0;
  case KEY_PLACEMENT:
    options->placement =
        (enum eagre_placement)parse_word(state, "placement", argument, placement_words);
    return 0;
  case KEY_METRICS:
    options->metrics_address = argument;
    return 0;
  case KEY_PROGRESS:
    options->progress = (enum cli_progress)parse_word(state, "progress", argument, progress_words);
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

static void parse_format(struct argp_state *state, const struct parse_input *input,
                         const char *argument) {
  static const char *const row_words[] = {"table", "json", "csv", "tsv", NULL};
  static const char *const explain_words[] = {"text", "json", NULL};
  static const char *const lag_words[] = {"table", "json", NULL};
  if (input->groups & CLI_GROUP_EXPLAIN) {
    input->options->is_json = parse_word(state, "format", argument, explain_words) == 1;
  } else if (input->groups & (CLI_GROUP_LAG | CLI_GROUP_DOCTOR)) {
    input->options->is_json = parse_word(state, "format", argument, lag_words) == 1;
  } else {
    input->options->format = (enum eagre_format)parse_word(state, "format", argument, row_words);
  }
}

static double parse_positive(struct argp_state *state, const char *text) {
  char *end = NULL;
  double number = strtod(text, &end);
  if (end == text || *end != '\0' || !(number > 0) || number > 1e18) {
    argp_error(state, "'%s' is no positive number", text);
  }
  return number;
}

static error_t parse_generate_option(int key, char *argument, struct argp_state *state,
                                     struct cli_options *options) {
  switch (key) {
  case KEY_COUNT:
    options->count = (uint64_t)parse_positive(state, argument);
    return 0;
  case KEY_RATE:
    options->rate = parse_positive(state, argument);
    return 0;
  case KEY_SEED:
    options->seed = (uint64_t)parse_positive(state, argument);
    return 0;
  case KEY_BROKERS:
    options->brokers = argument;
    return 0;
  case KEY_TOPIC:
    options->topic = argument;
    return 0;
  case KEY_PARTITIONS:
    options->partition_count = (uint32_t)parse_positive(state, argument);
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

static error_t parse_sla_option(int key, char *argument, struct argp_state *state,
                                struct cli_options *options) {
  switch (key) {
  case KEY_WORKLOAD:
    options->workload = argument;
    return 0;
  case KEY_PERCENTILE:
    options->percentile = parse_positive(state, argument);
    return 0;
  case KEY_LIMIT:
    options->limit_ms = parse_positive(state, argument);
    return 0;
  case KEY_DURATION:
    options->duration_s = (double)parse_seconds(state, argument) / 1000;
    return 0;
  case KEY_WARM_UP:
    options->warm_up_s = (double)parse_seconds(state, argument) / 1000;
    return 0;
  default:
    return ARGP_ERR_UNKNOWN;
  }
}

static error_t parse_option(int key, char *argument, struct argp_state *state) {
  static const char *const level_words[] = {"debug", "info", "warning", "error", NULL};
  static const char *const target_words[] = {"spark", NULL};
  struct parse_input *input = state->input;
  struct cli_options *options = input->options;
  switch (key) {
  case KEY_SET:
    add_pair(state, options->settings, &options->setting_count, argument);
    return 0;
  case KEY_DEFINE:
    add_pair(state, options->defines, &options->define_count, argument);
    return 0;
  case KEY_CONFIG:
    read_config(state, options, argument);
    return 0;
  case KEY_STORAGE:
    options->storage = argument;
    return 0;
  case KEY_LOG_LEVEL:
    options->level = (enum eagre_level)parse_word(state, "log-level", argument, level_words);
    return 0;
  case KEY_FILE:
    options->file = argument;
    return 0;
  case KEY_TO:
    parse_word(state, "to", argument, target_words);
    options->target = argument;
    return 0;
  case KEY_FORMAT:
    parse_format(state, input, argument);
    return 0;
  case ARGP_KEY_ARG:
    if (options->argument_count == CLI_FLOW_COUNT_MAX) argp_usage(state);
    options->arguments[options->argument_count++] = argument;
    return 0;
  case ARGP_KEY_END:
    if (options->argument_count < input->argument_count_min) argp_usage(state);
    return 0;
  default:
    break;
  }
  error_t result = parse_run_option(key, argument, state, options);
  if (result == ARGP_ERR_UNKNOWN) result = parse_sla_option(key, argument, state, options);
  if (result != ARGP_ERR_UNKNOWN) return result;
  return parse_generate_option(key, argument, state, options);
}

void cli_options_parse(int argc, char **argv, int groups, const char *usage, const char *text,
                       size_t argument_count_min, struct cli_options *out) {
  struct argp_option options[GROUPED_COUNT + 1] = {0};
  size_t count = 0;
  for (size_t i = 0; i < GROUPED_COUNT; i++) {
    if (grouped_options[i].groups & groups) options[count++] = grouped_options[i].option;
  }
  char name[64];
  snprintf(name, sizeof name, "eagre %s", argv[0]);
  argv[0] = name;
  memset(out, 0, sizeof *out);
  out->level = EAGRE_LEVEL_INFO;
  out->seed = 1;
  out->workload = "device";
  out->percentile = 99;
  out->duration_s = 30;
  out->warm_up_s = 5;
  struct parse_input input = {out, groups, argument_count_min};
  const struct argp argp = {options, parse_option, usage, text, NULL, NULL, NULL};
  argp_err_exit_status = 2;
  argp_parse(&argp, argc, argv, 0, NULL, &input);
}
