/* Spark's text files: metadata, offsets/N, commits/N (spark-semantics 2.2, 2.8).
 *
 * Written byte for byte as Spark 4.2 does; no file ends with a newline.
 *
 *   metadata     {"id":"<uuid>"}
 *   offsets/N    v1
 *                {"batchWatermarkMs":0,"batchTimestampMs":0,"conf":{"key":"value",...}}
 *                one line per source; "-" for one without offset
 *   commits/N    v1
 *                {"nextBatchWatermarkMs":0}
 *
 * Read as tolerantly as Spark reads them: a newline at the end, an empty line in place of the
 * metadata of an old log, members we do not know, members that are missing, `v1` alone in a commit.
 */
#include "checkpoint/checkpoint_file.h"

#include <stdio.h>

#include "value/value.h"
#include "json/json.h"

enum { LOG_VERSION = 1 };

/* ---- Lines ----------------------------------------------------------------------------------- */

/* Takes the next line off `rest`, without its newline and carriage returns; false at the end. Bytes
 * after the last newline are a line unless there are none. */
static bool take_line(struct eagre_text *rest, struct eagre_text *out_line) {
  if (rest->size == 0) return false;
  const char *newline = memchr(rest->data, '\n', rest->size);
  size_t size = newline == NULL ? rest->size : (size_t)(newline - rest->data);
  size_t used = newline == NULL ? size : size + 1;
  *out_line = eagre_text_make(rest->data, size);
  while (out_line->size > 0 && out_line->data[out_line->size - 1] == '\r') {
    out_line->size--;
  }
  *rest = eagre_text_make(rest->data + used, rest->size - used);
  return true;
}

static enum eagre_status refuse_malformed(const char *place, const char *what,
                                          struct eagre_error *error) {
  eagre_error_set(error, EAGRE_UNSAFE, "MALFORMED_LOG_FILE", "log file %s is malformed: %s", place,
                  what);
  eagre_error_hint(error, "restore the checkpoint from a backup, or start with a new one");
  return EAGRE_UNSAFE;
}

static enum eagre_status refuse_version(const char *place, int64_t version,
                                        struct eagre_error *error) {
  eagre_error_set(error, EAGRE_UNSAFE, "INVALID_LOG_VERSION.MAX_SUPPORTED_VERSION",
                  "%s has log version v%lld; the highest version that can be read is v%d", place,
                  (long long)version, LOG_VERSION);
  eagre_error_hint(error, "it was written by a newer Spark, or by one with "
                          "spark.sql.streaming.offsetLog.formatVersion or "
                          "spark.sql.streaming.stateStore.checkpointFormatVersion above 1");
  return EAGRE_UNSAFE;
}

/* The first line: "v" and a number from 1. */
static enum eagre_status check_version(struct eagre_text *rest, const char *place,
                                       struct eagre_error *error) {
  struct eagre_text line;
  if (!take_line(rest, &line)) return refuse_malformed(place, "incomplete log file", error);
  char digits[20];
  bool is_number = line.size > 1 && line.data[0] == 'v' && line.size < sizeof digits;
  int64_t version = -1;
  if (is_number) {
    memcpy(digits, line.data + 1, line.size - 1);
    digits[line.size - 1] = '\0';
    version = eagre_checkpoint_name_epoch(digits);
  }
  if (version < 1) return refuse_malformed(place, "its first line is no log version", error);
  return version > LOG_VERSION ? refuse_version(place, version, error) : EAGRE_OK;
}

/* ---- Members --------------------------------------------------------------------------------- */

/* An object; a line of nothing but spaces stands for one without members. */
static enum eagre_status parse_object(struct eagre_text line, const char *place,
                                      struct eagre_arena *arena,
                                      const struct eagre_json_node **out_object,
                                      struct eagre_error *error) {
  static const struct eagre_json_node nothing = {.kind = EAGRE_JSON_OBJECT};
  *out_object = &nothing;
  line = eagre_text_trim(line);
  if (line.size == 0) return EAGRE_OK;
  /* The name of a member may not be damaged either: one that is missing has its default. */
  if (!eagre_value_utf8_is_valid(line)) return refuse_malformed(place, "it is no UTF-8", error);
  struct eagre_error reason;
  if (eagre_json_read(arena, line, out_object, &reason) != EAGRE_OK)
    return refuse_malformed(place, reason.text, error);
  if ((*out_object)->kind != EAGRE_JSON_OBJECT)
    return refuse_malformed(place, "a line that should be a JSON object is something else", error);
  return EAGRE_OK;
}

/* An integer, 0 when it is missing. */
static enum eagre_status read_integer(const struct eagre_json_node *object, const char *name,
                                      const char *place, int64_t *out, struct eagre_error *error) {
  *out = 0;
  const struct eagre_json_node *member = eagre_json_member(object, name);
  if (member == NULL) return EAGRE_OK;
  if (member->kind == EAGRE_JSON_NUMBER && eagre_json_integer(member, out)) return EAGRE_OK;
  char what[96];
  snprintf(what, sizeof what, "%s is not an integer", name);
  return refuse_malformed(place, what, error);
}

static enum eagre_status read_configuration(const struct eagre_json_node *object, const char *place,
                                            struct eagre_arena *arena,
                                            struct eagre_checkpoint_offsets *out,
                                            struct eagre_error *error) {
  const struct eagre_json_node *conf = eagre_json_member(object, "conf");
  if (conf == NULL) return EAGRE_OK;
  if (conf->kind != EAGRE_JSON_OBJECT) return refuse_malformed(place, "conf is no object", error);
  uint32_t count = 0;
  for (const struct eagre_json_node *pair = conf->child; pair != NULL; pair = pair->next) {
    if (pair->kind != EAGRE_JSON_STRING)
      return refuse_malformed(place, "a value in conf is no text", error);
    count++;
  }
  struct eagre_checkpoint_pair *pairs = eagre_arena_allocate(arena, count * sizeof *pairs);
  out->configuration = pairs;
  out->configuration_count = count;
  for (const struct eagre_json_node *pair = conf->child; pair != NULL; pair = pair->next) {
    *pairs++ = (struct eagre_checkpoint_pair){
        .key = eagre_arena_copy_text(arena, pair->name),
        .value = eagre_arena_copy_text(arena, pair->text),
    };
  }
  return EAGRE_OK;
}

/* Every further line is a source, as in Spark, where a blank one counts too. */
static void read_sources(struct eagre_text rest, struct eagre_arena *arena,
                         struct eagre_checkpoint_offsets *out) {
  struct eagre_text line;
  uint32_t count = 0;
  for (struct eagre_text counted = rest; take_line(&counted, &line);) {
    count++;
  }
  struct eagre_text *sources = eagre_arena_allocate(arena, count * sizeof *sources);
  out->sources = sources;
  out->source_count = count;
  while (take_line(&rest, &line)) {
    bool is_none = eagre_text_equal_string(line, "-");
    *sources++ = eagre_arena_copy_text(arena, is_none ? EAGRE_TEXT("") : line);
  }
}

/* ---- metadata -------------------------------------------------------------------------------- */

void eagre_checkpoint_print_metadata(const char *id, struct eagre_buffer *out) {
  eagre_buffer_append_string(out, "{\"id\":");
  eagre_buffer_append_json_string(out, eagre_text_of(id));
  eagre_buffer_append_char(out, '}');
}

enum eagre_status eagre_checkpoint_parse_metadata(struct eagre_text content, const char *place,
                                                  char out_id[EAGRE_UUID_SIZE],
                                                  struct eagre_error *error) {
  struct eagre_arena arena = {0};
  const struct eagre_json_node *object = NULL;
  enum eagre_status status = parse_object(content, place, &arena, &object, error);
  if (status == EAGRE_OK) {
    const struct eagre_json_node *id = eagre_json_member(object, "id");
    bool is_id = id != NULL && id->kind == EAGRE_JSON_STRING && id->text.size > 0 &&
                 id->text.size < EAGRE_UUID_SIZE;
    if (is_id) {
      memcpy(out_id, id->text.data, id->text.size);
      out_id[id->text.size] = '\0';
    } else {
      status = refuse_malformed(place, "it has no id of at most 36 bytes", error);
    }
  }
  eagre_arena_done(&arena);
  return status;
}

/* ---- offsets --------------------------------------------------------------------------------- */

void eagre_checkpoint_print_offsets(const struct eagre_checkpoint_offsets *offsets,
                                    struct eagre_buffer *out) {
  eagre_buffer_printf(out, "v1\n{\"batchWatermarkMs\":%lld,\"batchTimestampMs\":%lld,\"conf\":{",
                      (long long)offsets->watermark_ms, (long long)offsets->timestamp_ms);
  for (uint32_t i = 0; i < offsets->configuration_count; i++) {
    if (i > 0) eagre_buffer_append_char(out, ',');
    eagre_buffer_append_json_string(out, offsets->configuration[i].key);
    eagre_buffer_append_char(out, ':');
    eagre_buffer_append_json_string(out, offsets->configuration[i].value);
  }
  eagre_buffer_append_string(out, "}}");
  for (uint32_t i = 0; i < offsets->source_count; i++) {
    struct eagre_text source = offsets->sources[i];
    eagre_assert(source.size == 0 || memchr(source.data, '\n', source.size) == NULL);
    eagre_buffer_append_char(out, '\n');
    eagre_buffer_append_text(out, source.size == 0 ? EAGRE_TEXT("-") : source);
  }
}

enum eagre_status eagre_checkpoint_parse_offsets(struct eagre_text content, const char *place,
                                                 struct eagre_arena *arena,
                                                 struct eagre_checkpoint_offsets *out,
                                                 struct eagre_error *error) {
  *out = (struct eagre_checkpoint_offsets){0};
  EAGRE_TRY(check_version(&content, place, error));
  struct eagre_text line;
  if (!take_line(&content, &line)) return refuse_malformed(place, "incomplete log file", error);
  const struct eagre_json_node *object = NULL;
  EAGRE_TRY(parse_object(line, place, arena, &object, error));
  EAGRE_TRY(read_integer(object, "batchWatermarkMs", place, &out->watermark_ms, error));
  EAGRE_TRY(read_integer(object, "batchTimestampMs", place, &out->timestamp_ms, error));
  EAGRE_TRY(read_configuration(object, place, arena, out, error));
  if (!eagre_value_utf8_is_valid(content)) return refuse_malformed(place, "it is no UTF-8", error);
  read_sources(content, arena, out);
  return EAGRE_OK;
}

/* ---- commits --------------------------------------------------------------------------------- */

void eagre_checkpoint_print_commit(int64_t next_watermark_ms, struct eagre_buffer *out) {
  eagre_buffer_printf(out, "v1\n{\"nextBatchWatermarkMs\":%lld}", (long long)next_watermark_ms);
}

enum eagre_status eagre_checkpoint_parse_commit(struct eagre_text content, const char *place,
                                                int64_t *out_next_watermark_ms,
                                                struct eagre_error *error) {
  EAGRE_TRY(check_version(&content, place, error));
  struct eagre_text line = {0};
  take_line(&content, &line); /* `v1` alone is a commit */
  struct eagre_arena arena = {0};
  const struct eagre_json_node *object = NULL;
  enum eagre_status status = parse_object(line, place, &arena, &object, error);
  if (status == EAGRE_OK)
    status = read_integer(object, "nextBatchWatermarkMs", place, out_next_watermark_ms, error);
  eagre_arena_done(&arena);
  return status;
}
