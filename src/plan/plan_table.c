/* Tables in FROM: delta.`path`, and names of tables that the file makes or that stand in the
 * storage. They are read as they are when the query starts, or as of a version or a time. */
#include <string.h>

#include "plan/plan_bind.h"
#include "value/value.h"

/* ---- Time travel ----------------------------------------------------------------------------- */

static enum eagre_status fail_travel(struct eagre_sql_position position, const char *what,
                                     struct eagre_error *error) {
  eagre_plan_fail(error, position, "INVALID_TIME_TRAVEL_SPEC", "%s", what);
  eagre_error_hint(error, "write VERSION AS OF 3, or TIMESTAMP AS OF '2026-01-31 12:00:00'");
  return EAGRE_USAGE;
}

static enum eagre_status bind_travel(struct plan_binder *binder,
                                     const struct eagre_sql_relation *tree,
                                     struct eagre_plan_source *source, struct eagre_error *error) {
  struct eagre_text text;
  source->version = INT64_MAX;
  source->timestamp_us = INT64_MAX;
  if (tree->version_as_of != NULL) {
    EAGRE_TRY(eagre_plan_constant_text(binder, tree->version_as_of, &text, error));
    bool is_version = eagre_value_parse_integer(text, &source->version) == EAGRE_VALUE_OK &&
                      source->version >= 0 && source->version < INT64_MAX;
    if (!is_version) {
      return fail_travel(tree->version_as_of->position, "This is no version of a table.", error);
    }
  }
  if (tree->timestamp_as_of != NULL) {
    EAGRE_TRY(eagre_plan_constant_text(binder, tree->timestamp_as_of, &text, error));
    const struct eagre_zone *zone = binder->pipeline->expression_session.zone;
    if (eagre_value_parse_timestamp(text, zone, 0, &source->timestamp_us) != EAGRE_VALUE_OK) {
      return fail_travel(tree->timestamp_as_of->position, "This is no timestamp.", error);
    }
  }
  return EAGRE_OK;
}

/* ---- Tables ---------------------------------------------------------------------------------- */

static enum eagre_status refuse_stream(const struct eagre_sql_relation *tree,
                                       struct eagre_error *error) {
  eagre_plan_fail(error, tree->position, "UNSUPPORTED_FEATURE.DELTA_STREAM",
                  "A Delta table cannot be read as a stream yet.");
  eagre_error_hint(error, "leave STREAM out to read it as it is now");
  return EAGRE_USAGE;
}

/* The table at `location`; *out_source NULL when there is none. */
static enum eagre_status find_table(struct plan_binder *binder,
                                    const struct eagre_sql_relation *tree,
                                    struct eagre_text location,
                                    struct eagre_plan_source **out_source,
                                    struct eagre_error *error) {
  struct eagre_plan_source *source = eagre_arena_allocate_zeroed(binder->arena, sizeof *source);
  *out_source = NULL;
  source->kind = EAGRE_SOURCE_DELTA;
  source->path = location;
  source->position = tree->position;
  EAGRE_TRY(bind_travel(binder, tree, source, error));
  if (binder->complete == NULL) return EAGRE_OK;
  enum eagre_status status = binder->complete(source, binder->arena, error);
  if (status != EAGRE_OK) {
    eagre_sql_place_error(tree->position, error);
    return status;
  }
  if (source->schema == NULL) return EAGRE_OK;
  EAGRE_TRY(eagre_plan_check_columns(source->schema, tree->position, error));
  *out_source = source;
  return EAGRE_OK;
}

enum eagre_status eagre_plan_bind_path(struct plan_binder *binder,
                                       const struct eagre_sql_relation *tree,
                                       struct plan_relation *out, struct eagre_error *error) {
  struct eagre_plan_source *source = NULL;
  if (!eagre_text_equal_ignoring_case(tree->name.parts[0], EAGRE_TEXT("delta"))) {
    eagre_plan_fail(error, tree->position, "UNSUPPORTED_FEATURE.TABLE_SOURCE",
                    "Reading files of the format %.*s by their path is not supported yet.",
                    (int)tree->name.parts[0].size, tree->name.parts[0].data);
    eagre_error_hint(error, "write read_files('path', format => '...')");
    return EAGRE_USAGE;
  }
  if (tree->is_stream) return refuse_stream(tree, error);
  EAGRE_TRY(find_table(binder, tree, tree->path, &source, error));
  if (source == NULL) {
    return eagre_plan_fail(error, tree->position, "DELTA_TABLE_NOT_FOUND",
                           "Delta table `%.*s` doesn't exist.", (int)tree->path.size,
                           tree->path.data);
  }
  eagre_plan_add_source(binder, source, out);
  return EAGRE_OK;
}

/* Where a table of that name would lie. */
static struct eagre_text find_location(struct plan_binder *binder, struct eagre_text name) {
  for (const struct plan_table_place *place = binder->tables; place != NULL; place = place->next) {
    if (eagre_text_equal_ignoring_case(place->name, name)) return place->location;
  }
  if (memchr(name.data, '/', name.size) != NULL || name.data[0] == '.')
    return (struct eagre_text){0};
  return eagre_arena_printf(binder->arena, "%.*s/tables/%.*s", (int)binder->storage.size,
                            binder->storage.data, (int)name.size, name.data);
}

enum eagre_status eagre_plan_bind_table(struct plan_binder *binder,
                                        const struct eagre_sql_relation *tree,
                                        struct plan_relation *out, bool *out_is_table,
                                        struct eagre_error *error) {
  struct eagre_plan_source *source = NULL;
  struct eagre_text location = find_location(binder, tree->name.parts[tree->name.part_count - 1]);
  *out_is_table = false;
  if (location.size == 0) return EAGRE_OK;
  EAGRE_TRY(find_table(binder, tree, location, &source, error));
  if (source == NULL) return EAGRE_OK;
  if (tree->is_stream) return refuse_stream(tree, error);
  eagre_plan_add_source(binder, source, out);
  *out_is_table = true;
  return EAGRE_OK;
}
