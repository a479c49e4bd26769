/* docs/reference: Markdown from the tables that the program itself runs on, so that neither can say
 * what the other does not. A test compares the committed files with what is printed here. */
#include <ctype.h>
#include <string.h>

#include "expression/expression.h"
#include "inspect/inspect.h"
#include "observe/observe.h"

/* ---- Markdown -------------------------------------------------------------------------------- */

/* Text inside a cell: a bar would end it; outside of backticks, signs that would become markup. */
static void print_cell(struct eagre_buffer *out, const char *text) {
  bool is_code = false;
  for (; *text != '\0'; text++) {
    if (*text == '`') is_code = !is_code;
    bool is_tag = *text == '<' && (isalpha((unsigned char)text[1]) || text[1] == '/');
    bool is_emphasis = *text == '*' && text[1] != ' ';
    bool is_markup = !is_code && (is_tag || is_emphasis);
    if (*text == '|' || is_markup) eagre_buffer_append_char(out, '\\');
    eagre_buffer_append_char(out, *text);
  }
}

static void print_code(struct eagre_buffer *out, const char *text) {
  if (text[0] == '\0') return;
  eagre_buffer_append_char(out, '`');
  for (; *text != '\0'; text++) {
    if (*text == '|') eagre_buffer_append_char(out, '\\');
    eagre_buffer_append_char(out, *text);
  }
  eagre_buffer_append_char(out, '`');
}

static void print_title(struct eagre_buffer *out, const char *title, const char *topic,
                        const char *introduction) {
  eagre_buffer_printf(out,
                      "# %s\n\n<!-- Made by `eagre reference %s`; a test compares the two. -->\n\n"
                      "%s\n",
                      title, topic, introduction);
}

/* ---- Options --------------------------------------------------------------------------------- */

/* Title and where such options are written; a scope without a row goes by its name. */
struct scope_text {
  const char *title;
  const char *place;
};

static const struct scope_text scope_texts[EAGRE_OPTION_SCOPE_count] = {
    [EAGRE_OPTION_SESSION] = {"Session",
                              "`SET name = value;` in the file, `--set name=value`, or in "
                              "`OPTIONS` of a flow, for that flow only."},
    [EAGRE_OPTION_FLOW] = {"Flow", "`CREATE FLOW ... OPTIONS ('name' = 'value')`, or "
                                   "`'eagre.name'` in `TBLPROPERTIES` of a streaming table."},
    [EAGRE_OPTION_READ_KAFKA] = {"read_kafka",
                                 "`read_kafka(name => 'value', ...)`; names with dots "
                                 "in backticks."},
    [EAGRE_OPTION_READ_FILES] = {"read_files", "`read_files('path', name => 'value', ...)`"},
    [EAGRE_OPTION_READ_RATE] = {"rate", "`rate(name => value)`"},
    [EAGRE_OPTION_READ_RATE_MICRO_BATCH] = {"rate_micro_batch",
                                            "`rate_micro_batch(name => value, ...)`"},
    [EAGRE_OPTION_WRITE_DELTA] = {"Delta table", "`TBLPROPERTIES` of a streaming table."},
    [EAGRE_OPTION_WRITE_FILES] = {"Files sink",
                                  "`CREATE SINK ... USING parquet, json, csv or text [PARTITIONED BY "
                                  "(column, ...)] OPTIONS ('path' = ..., ...)`"},
    [EAGRE_OPTION_WRITE_KAFKA] = {"Kafka sink", "`CREATE SINK ... USING kafka OPTIONS (...)`"},
    [EAGRE_OPTION_WRITE_CONSOLE] = {"Console sink",
                                    "`CREATE SINK ... USING console OPTIONS (...)`"},
    [EAGRE_OPTION_WRITE_NOOP] = {"noop sink", "`CREATE SINK ... USING noop`"},
};

static void print_option(struct eagre_buffer *out, const struct eagre_option_info *option) {
  eagre_buffer_append_string(out, "| ");
  print_code(out, option->name);
  eagre_buffer_printf(out, " | %s | ", option->type);
  print_code(out, option->default_value);
  eagre_buffer_append_string(out, " | ");
  print_code(out, option->allowed);
  eagre_buffer_append_string(out, " | ");
  print_cell(out, option->text);
  eagre_buffer_append_string(out, " |\n");
}

static void print_scope_title(struct eagre_buffer *out, enum eagre_option_scope scope) {
  const struct scope_text *text = &scope_texts[scope];
  eagre_buffer_printf(out, "\n## %s\n\n",
                      text->title == NULL ? eagre_option_scope_name(scope) : text->title);
  if (text->place != NULL) eagre_buffer_printf(out, "%s\n\n", text->place);
  eagre_buffer_append_string(out, "| option | type | default | allowed | meaning |\n"
                                  "|---|---|---|---|---|\n");
}

static void print_scope(struct eagre_buffer *out, enum eagre_option_scope scope) {
  struct eagre_option_info option;
  bool is_first = true;
  for (uint32_t i = 0; eagre_option_at(i, &option); i++) {
    if (option.scope != scope) continue;
    if (is_first) print_scope_title(out, scope);
    is_first = false;
    print_option(out, &option);
  }
}

static void print_options(struct eagre_buffer *out) {
  print_title(
      out, "Options", "options",
      "Names are compared ignoring case. The command line wins over `OPTIONS` of a flow, "
      "these over `TBLPROPERTIES`,\nthese over `SET`. A name that ends in `*` stands for "
      "every name that begins so. *refused* options are known\nfrom Spark and give an error "
      "that says what to do instead; *ignored* ones are accepted with a notice.");
  for (int scope = 0; scope < EAGRE_OPTION_SCOPE_count; scope++) {
    print_scope(out, (enum eagre_option_scope)scope);
  }
}

/* ---- Functions ------------------------------------------------------------------------------- */

static void print_function(struct eagre_buffer *out, const struct eagre_function_info *function) {
  eagre_buffer_append_string(out, "| ");
  print_code(out, function->usage);
  eagre_buffer_append_string(out, " | ");
  print_cell(out, function->text);
  eagre_buffer_append_string(out, " |\n");
}

static bool is_first_of_group(const struct eagre_function_info *functions, uint32_t index) {
  for (uint32_t i = 0; i < index; i++) {
    if (strcmp(functions[i].group, functions[index].group) == 0) return false;
  }
  return true;
}

static void print_group(struct eagre_buffer *out, const struct eagre_function_info *functions,
                        uint32_t count, const char *group) {
  eagre_buffer_printf(out, "\n## %c%s\n\n| function | meaning |\n|---|---|\n",
                      group[0] >= 'a' && group[0] <= 'z' ? group[0] - 'a' + 'A' : group[0],
                      group + 1);
  for (uint32_t i = 0; i < count; i++) {
    if (strcmp(functions[i].group, group) == 0) print_function(out, &functions[i]);
  }
}

static void print_functions(struct eagre_buffer *out) {
  uint32_t count = 0;
  const struct eagre_function_info *functions = eagre_function_list(&count);
  print_title(out, "Functions", "functions",
              "Each answers what Spark 4.2 answers, with `spark.sql.ansi.enabled` and without; what\n"
              "differs is in\n"
              "[Differences from Spark](../differences-from-spark.md).");
  for (uint32_t i = 0; i < count; i++) {
    if (is_first_of_group(functions, i)) print_group(out, functions, count, functions[i].group);
  }
}

/* ---- Metrics --------------------------------------------------------------------------------- */

static void print_metrics(struct eagre_buffer *out) {
  struct eagre_metric_info metric;
  print_title(out, "Metrics", "metrics",
              "`eagre run --metrics ADDR:PORT` serves them at `/metrics` as Prometheus text, each "
              "with the label `flow`.");
  eagre_buffer_append_string(out, "\n| metric | type | meaning |\n|---|---|---|\n");
  for (uint32_t i = 0; eagre_metric_at(i, &metric); i++) {
    eagre_buffer_append_string(out, "| ");
    print_code(out, metric.name);
    eagre_buffer_printf(out, " | %s | ", metric.type);
    print_cell(out, metric.text);
    eagre_buffer_append_string(out, " |\n");
  }
}

/* ---- Statuses -------------------------------------------------------------------------------- */

struct status_row {
  const char *name;
  int exit_status;
  const char *text;
};

static const struct status_row status_rows[] = {
#define EAGRE_STATUS(name, exit_status, text) {#name, exit_status, text},
#include <eagre/status.def>
#undef EAGRE_STATUS
};

static void print_statuses(struct eagre_buffer *out) {
  print_title(out, "Statuses", "statuses",
              "What the program exits with, and what calls of the library return (`EAGRE_OK`, "
              "`EAGRE_USAGE`, ...). Of several\nflows the worst counts.");
  eagre_buffer_append_string(out, "\n| status | exit | meaning |\n|---|---|---|\n");
  for (size_t i = 0; i < EAGRE_COUNT_OF(status_rows); i++) {
    eagre_buffer_append_string(out, "| ");
    print_code(out, status_rows[i].name);
    eagre_buffer_printf(out, " | %d | ", status_rows[i].exit_status);
    print_cell(out, status_rows[i].text);
    eagre_buffer_append_string(out, " |\n");
  }
}

/* ---- Probes ---------------------------------------------------------------------------------- */

static void print_probes(struct eagre_buffer *out) {
  print_title(out, "Probes", "probes",
              "Static probes (USDT) of the provider `eagre`, for bpftrace, perf, gdb and SystemTap: "
              "a running program can be\nlooked into without a restart. `readelf -n` lists those of "
              "a build; one without `sys/sdt.h` has none.\nArguments are integers, and the "
              "addresses of the texts `flow` and `kind`.");
  eagre_buffer_append_string(out, "\n| probe | arguments | passed when |\n|---|---|---|\n");
  for (int i = 0; i < EAGRE_PROBE_count; i++) {
    struct eagre_probe_info probe = eagre_probe_describe((enum eagre_probe)i);
    eagre_buffer_append_string(out, "| ");
    print_code(out, probe.name);
    eagre_buffer_printf(out, " | %s | ", probe.arguments);
    print_cell(out, probe.text);
    eagre_buffer_append_string(out, " |\n");
  }
}

/* ---- All ------------------------------------------------------------------------------------- */

struct topic {
  const char *name;
  void (*print)(struct eagre_buffer *out);
};

static const struct topic topics[] = {
    {"options", print_options},
    {"functions", print_functions},
    {"metrics", print_metrics},
    {"probes", print_probes},
    {"statuses", print_statuses},
};

enum eagre_status eagre_inspect_reference(const char *topic, struct eagre_buffer *out,
                                          struct eagre_error *error) {
  for (size_t i = 0; i < EAGRE_COUNT_OF(topics); i++) {
    if (strcmp(topics[i].name, topic) != 0) continue;
    topics[i].print(out);
    return EAGRE_OK;
  }
  eagre_error_set(error, EAGRE_USAGE, "REFERENCE_UNKNOWN", "There is no reference of '%s'.", topic);
  eagre_error_hint(error, "there are options, functions, metrics, probes and statuses");
  return EAGRE_USAGE;
}
