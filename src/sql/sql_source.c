/* The text that is parsed: the file with every `${name}` replaced, and the way back from an offset
 * in it to a place in the file, so that messages point at what the user wrote. */
#include "base/base_secret.h"
#include "sql/sql_token.h"

/* Where the scan stands: `${` means nothing in a comment, and a value is escaped in quotes. */
enum quote_state {
  STATE_PLAIN,
  STATE_SINGLE,
  STATE_DOUBLE,
  STATE_RAW_SINGLE,
  STATE_RAW_DOUBLE,
  STATE_BACK,
};

struct substitution {
  struct eagre_arena *arena;
  struct eagre_text file;
  const struct eagre_sql_define *defines;
  uint32_t define_count;
  struct eagre_buffer text;
  struct eagre_sql_segment *segments;
  uint32_t segment_count;
  uint32_t segment_capacity;
  uint32_t copied; /* bytes of the file that are in `text` or replaced */
  enum quote_state state;
  struct eagre_error *error;
};

static void add_segment(struct substitution *run, uint32_t file_begin, uint32_t file_end,
                        bool is_replacement) {
  if (run->segment_count == run->segment_capacity) {
    uint32_t capacity = run->segment_capacity == 0 ? 8 : run->segment_capacity * 2;
    struct eagre_sql_segment *grown =
        eagre_arena_allocate(run->arena, capacity * sizeof *run->segments);
    if (run->segment_count > 0) {
      memcpy(grown, run->segments, run->segment_count * sizeof *grown);
    }
    run->segments = grown;
    run->segment_capacity = capacity;
  }
  run->segments[run->segment_count++] = (struct eagre_sql_segment){
      .begin = (uint32_t)run->text.size,
      .file_begin = file_begin,
      .file_end = file_end,
      .is_replacement = is_replacement,
  };
}

/* Copies the file up to `until` as one segment. */
static void copy_file(struct substitution *run, uint32_t until) {
  if (run->copied == until) return;
  add_segment(run, run->copied, until, false);
  eagre_buffer_append(&run->text, run->file.data + run->copied, until - run->copied);
  run->copied = until;
}

static bool is_name_character(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9') || character == '_' || character == '.' ||
         character == '-' || character == ':';
}

/* The size of `${name}` at `offset`, 0 when there is none. */
static uint32_t measure_reference(struct eagre_text file, uint32_t offset) {
  if (file.size - offset < 4 || file.data[offset] != '$' || file.data[offset + 1] != '{') return 0;
  uint32_t end = offset + 2;
  while (end < file.size && is_name_character(file.data[end])) {
    end++;
  }
  if (end == offset + 2 || end == file.size || file.data[end] != '}') return 0;
  return end + 1 - offset;
}

/* A reference to a secret in a string stays: only who needs the secret looks it up. */
static bool is_secret_at(const struct substitution *run, uint32_t offset) {
  struct eagre_secret secret;
  bool is_string = run->state != STATE_PLAIN && run->state != STATE_BACK;
  if (!is_string || run->file.data[offset] != '$') return false;
  return eagre_secret_at(run->file, offset, &secret);
}

static const struct eagre_sql_define *find_define(const struct substitution *run,
                                                  struct eagre_text name) {
  for (uint32_t i = 0; i < run->define_count; i++) {
    if (eagre_text_equal(run->defines[i].name, name)) return &run->defines[i];
  }
  return NULL;
}

static enum eagre_status fail_undefined(struct substitution *run, uint32_t offset, uint32_t size,
                                        struct eagre_text name) {
  eagre_error_set(run->error, EAGRE_USAGE, "UNDEFINED_VARIABLE",
                  "The name '%.*s' in ${%.*s} is not defined.", (int)name.size, name.data,
                  (int)name.size, name.data);
  const char **names = eagre_allocate_zeroed(run->define_count + 1, sizeof *names);
  for (uint32_t i = 0; i < run->define_count; i++) {
    names[i] = eagre_arena_copy_text(run->arena, run->defines[i].name).data;
  }
  const char *nearest = eagre_text_nearest(name, names, run->define_count);
  if (nearest != NULL) {
    eagre_error_hint(run->error, "Did you mean ${%s}?", nearest);
  } else {
    eagre_error_hint(run->error, "Define it with --define %.*s=VALUE.", (int)name.size, name.data);
  }
  eagre_free(names);
  return eagre_sql_error_at(run->error, eagre_sql_position_of(run->file, offset, offset + size));
}

/* Inside quotes a value is content: what would end the string or escape is escaped. */
static void append_value(struct substitution *run, struct eagre_text value) {
  char quote = run->state == STATE_SINGLE   ? '\''
               : run->state == STATE_DOUBLE ? '"'
               : run->state == STATE_BACK   ? '`'
                                            : 0;
  for (size_t i = 0; i < value.size; i++) {
    char character = value.data[i];
    if (quote == '`' && character == '`') {
      eagre_buffer_append_char(&run->text, '`');
    } else if (quote != 0 && quote != '`' && (character == quote || character == '\\')) {
      eagre_buffer_append_char(&run->text, '\\');
    }
    eagre_buffer_append_char(&run->text, character);
  }
}

/* A raw string has no escapes, so a value with its quote cannot stand in it. */
static bool is_value_impossible(const struct substitution *run, struct eagre_text value) {
  char quote = run->state == STATE_RAW_SINGLE ? '\'' : '"';
  return (run->state == STATE_RAW_SINGLE || run->state == STATE_RAW_DOUBLE) && value.size > 0 &&
         memchr(value.data, quote, value.size) != NULL;
}

static enum eagre_status replace_reference(struct substitution *run, uint32_t offset,
                                           uint32_t size) {
  struct eagre_text name = eagre_text_make(run->file.data + offset + 2, size - 3);
  const struct eagre_sql_define *define = find_define(run, name);
  if (define == NULL) return fail_undefined(run, offset, size, name);
  if (is_value_impossible(run, define->value)) {
    eagre_error_set(run->error, EAGRE_USAGE, "PARSE_SYNTAX_ERROR",
                    "The value of ${%.*s} has a quote and cannot stand in a raw string.",
                    (int)name.size, name.data);
    eagre_error_hint(run->error, "Use a string without r in front.");
    return eagre_sql_error_at(run->error, eagre_sql_position_of(run->file, offset, offset + size));
  }
  copy_file(run, offset);
  add_segment(run, offset, offset + size, true);
  append_value(run, define->value);
  run->copied = offset + size;
  return EAGRE_OK;
}

static bool is_raw_prefix(struct eagre_text file, uint32_t quote) {
  if (quote == 0 || (file.data[quote - 1] | 32) != 'r') return false;
  return quote == 1 || !eagre_sql_is_word_byte(file.data[quote - 2]);
}

/* Moves over one byte (or an escape, or a comment) and keeps `state`. */
static uint32_t step(struct substitution *run, uint32_t offset) {
  char character = run->file.data[offset];
  bool can_escape = run->state == STATE_SINGLE || run->state == STATE_DOUBLE;
  if (can_escape && character == '\\' && offset + 1 < run->file.size) return offset + 2;
  if (run->state == STATE_PLAIN) {
    uint32_t behind = eagre_sql_comment_end(run->file, offset);
    if (behind != offset) return behind == UINT32_MAX ? (uint32_t)run->file.size : behind;
    bool is_raw = is_raw_prefix(run->file, offset);
    if (character == '\'') run->state = is_raw ? STATE_RAW_SINGLE : STATE_SINGLE;
    if (character == '"') run->state = is_raw ? STATE_RAW_DOUBLE : STATE_DOUBLE;
    if (character == '`') run->state = STATE_BACK;
  } else if ((character == '\'' &&
              (run->state == STATE_SINGLE || run->state == STATE_RAW_SINGLE)) ||
             (character == '"' && (run->state == STATE_DOUBLE || run->state == STATE_RAW_DOUBLE)) ||
             (character == '`' && run->state == STATE_BACK)) {
    run->state = STATE_PLAIN; /* a doubled quote opens again at the next byte */
  }
  return offset + 1;
}

static enum eagre_status substitute_all(struct substitution *run) {
  uint32_t offset = 0;
  while (offset < run->file.size) {
    uint32_t size = is_secret_at(run, offset) ? 0 : measure_reference(run->file, offset);
    if (size == 0) {
      offset = step(run, offset);
      continue;
    }
    EAGRE_TRY(replace_reference(run, offset, size));
    if (run->text.size > EAGRE_SQL_TEXT_SIZE_MAX) break;
    offset += size;
  }
  copy_file(run, (uint32_t)run->file.size);
  return EAGRE_OK;
}

static enum eagre_status fail_too_long(struct eagre_error *error) {
  return eagre_error_set(error, EAGRE_USAGE, "TEXT_TOO_LONG",
                         "The SQL text is longer than %d bytes.", (int)EAGRE_SQL_TEXT_SIZE_MAX);
}

enum eagre_status eagre_sql_substitute(struct eagre_arena *arena, struct eagre_text file,
                                       const struct eagre_sql_define *defines,
                                       uint32_t define_count, struct eagre_sql_source *out_source,
                                       struct eagre_error *error) {
  if (file.size > EAGRE_SQL_TEXT_SIZE_MAX) return fail_too_long(error);
  struct substitution run = {
      .arena = arena,
      .file = file,
      .defines = defines,
      .define_count = define_count,
      .error = error,
  };
  enum eagre_status status = substitute_all(&run);
  if (status == EAGRE_OK && run.text.size > EAGRE_SQL_TEXT_SIZE_MAX) status = fail_too_long(error);
  if (status == EAGRE_OK) {
    add_segment(&run, (uint32_t)file.size, (uint32_t)file.size, false);
    *out_source = (struct eagre_sql_source){
        .file = file,
        .text = eagre_arena_copy_text(
            arena, eagre_text_make(run.text.data == NULL ? "" : run.text.data, run.text.size)),
        .segments = run.segments,
        .segment_count = run.segment_count - 1,
    };
  }
  eagre_buffer_done(&run.text);
  return status;
}

uint32_t eagre_sql_file_offset(const struct eagre_sql_source *source, uint32_t offset,
                               bool is_end) {
  if (offset >= source->segments[source->segment_count].begin) return (uint32_t)source->file.size;
  /* The end of something belongs to the segment of its last byte. */
  uint32_t probe = is_end && offset > 0 ? offset - 1 : offset;
  uint32_t low = 0, high = source->segment_count;
  while (low + 1 < high) {
    uint32_t middle = (low + high) / 2;
    if (source->segments[middle].begin <= probe) {
      low = middle;
    } else {
      high = middle;
    }
  }
  const struct eagre_sql_segment *segment = &source->segments[low];
  if (segment->is_replacement) return is_end ? segment->file_end : segment->file_begin;
  return segment->file_begin + (offset - segment->begin);
}

struct eagre_sql_position eagre_sql_position_of(struct eagre_text file, uint32_t begin,
                                                uint32_t end) {
  struct eagre_sql_position position = {.line = 1, .column = 1};
  for (uint32_t i = 0; i < begin; i++) {
    unsigned char byte = (unsigned char)file.data[i];
    if (byte == '\n') {
      position.line++;
      position.column = 1;
    } else if ((byte & 0xc0) != 0x80) {
      position.column++;
    }
  }
  for (uint32_t i = begin; i < end && file.data[i] != '\n'; i++) {
    position.length += ((unsigned char)file.data[i] & 0xc0) != 0x80;
  }
  if (position.length == 0) position.length = 1;
  return position;
}

void eagre_sql_place_error(struct eagre_sql_position position, struct eagre_error *error) {
  if (error == NULL) return;
  error->line = position.line;
  error->column = position.column;
  error->length = position.length;
}

void eagre_sql_place_unplaced(struct eagre_sql_position position, struct eagre_error *error) {
  if (error != NULL && error->line == 0) eagre_sql_place_error(position, error);
}

enum eagre_status eagre_sql_error_at(struct eagre_error *error,
                                     struct eagre_sql_position position) {
  eagre_sql_place_error(position, error);
  return error->status;
}
