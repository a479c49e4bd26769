/* What the files of the room `export` share. */
#pragma once

#include "export/export.h"

/* A view or source that the program has made by now. */
struct export_made {
  const void *tree;       /* eagre_sql_statement of a view, eagre_sql_relation of a source */
  struct eagre_text name; /* of the temporary view in Spark */
  struct export_made *next;
};

struct export_program {
  const struct eagre_pipeline *pipeline;
  struct eagre_buffer *out;
  struct eagre_arena arena; /* of this export */
  struct eagre_error *error;
  const struct eagre_options *settings; /* that Spark's session has at this point; NULL: none yet */
  struct eagre_text settings_text;      /* the statements that gave it those */
  struct export_made *made;             /* under those settings, the newest first */
  uint32_t source_count;
  bool has_delta; /* what the program needs beside Spark itself */
  bool has_kafka;
  bool has_json_console;
  bool has_variable; /* of the environment */
  bool has_secret_file;
};

/* USAGE UNSUPPORTED_FEATURE.EXPORT_TO_SPARK. */
enum eagre_status eagre_export_refuse(struct export_program *program,
                                      struct eagre_sql_position position, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* export_python.c: literals. */
void eagre_export_string(struct eagre_buffer *out, struct eagre_text text);     /* "text" */
void eagre_export_sql(struct eagre_buffer *out, struct eagre_text text);        /* """..."""  */
void eagre_export_identifier(struct eagre_buffer *out, struct eagre_text name); /* `name` */
/* option("key", value) in a chain of calls. A reference to a secret becomes Python that looks it up;
 * a secret that stands in the option itself does not: the program takes it from its environment. */
void eagre_export_option(struct export_program *program, struct eagre_text key,
                         struct eagre_text value);
/* name("key", "value") in a chain of calls, on a line of its own. */
void eagre_export_call(struct eagre_buffer *out, const char *name, struct eagre_text key,
                       struct eagre_text value);

/* export_query.c: every relation of a query by name, path or function, in the order of the text. */
struct export_relations {
  const struct eagre_sql_relation **items;
  uint32_t count;
  uint32_t capacity;
};
/* Below it too: joins, subqueries, WITH tables. Refuses what Spark's SQL lacks. */
enum eagre_status eagre_export_find_relations(struct export_program *program,
                                              const struct eagre_sql_query *query,
                                              struct export_relations *out);
/* `source`, a part of the SQL text, with the relations that were made replaced by their views. */
struct eagre_text eagre_export_rewrite(struct export_program *program, struct eagre_text source,
                                       const struct export_relations *relations);

/* export_source.c: the statement that makes a view of a source; nothing when it is made already. */
enum eagre_status eagre_export_source(struct export_program *program,
                                      const struct eagre_sql_relation *tree);
/* The same for deduplicate(...), whose own relation is made already; `input` is its SQL. */
enum eagre_status eagre_export_deduplicate(struct export_program *program,
                                           const struct eagre_sql_relation *tree,
                                           struct eagre_text input);
struct export_made *eagre_export_find_made(struct export_program *program, const void *tree);
struct export_made *eagre_export_add_made(struct export_program *program, const void *tree,
                                          struct eagre_text name);

/* export_sink.c: from `frame`, the flow's query, to a running query of Spark. */
enum eagre_status eagre_export_start(struct export_program *program, const struct eagre_flow *flow);
/* The functions that a program with a console of JSON rows needs. */
void eagre_export_sink_functions(struct eagre_buffer *out);
