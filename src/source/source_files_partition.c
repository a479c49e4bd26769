/* Partition columns of files: directories called `name=value` below the path that is read. What
 * stands there is escaped as Hive does (%3A is a colon); one name stands for NULL. */
#include "source/source_files.h"
#include "source/source_partition.h"

static const struct eagre_text null_value = EAGRE_TEXT("__HIVE_DEFAULT_PARTITION__");

/* ---- Paths ----------------------------------------------------------------------------------- */

bool eagre_source_files_partition_next(struct eagre_text path, size_t *position,
                                       struct eagre_text *out_name, struct eagre_text *out_value) {
  while (*position < path.size) {
    const char *begin = path.data + *position;
    const char *slash = memchr(begin, '/', path.size - *position);
    if (slash == NULL) return false; /* the name of the file */
    size_t size = (size_t)(slash - begin);
    *position += size + 1;
    const char *equal = memchr(begin, '=', size);
    if (equal == NULL) continue;
    *out_name = eagre_text_make(begin, (size_t)(equal - begin));
    *out_value = eagre_text_make(equal + 1, (size_t)(slash - equal) - 1);
    return true;
  }
  return false;
}

static int get_digit(char byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
  return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

struct eagre_text eagre_source_files_partition_unescape(struct eagre_arena *arena,
                                                        struct eagre_text text) {
  char *out = eagre_arena_allocate(arena, text.size + 1);
  size_t size = 0;
  for (size_t i = 0; i < text.size; i++) {
    bool is_escape = text.data[i] == '%' && text.size - i > 2 && get_digit(text.data[i + 1]) >= 0 &&
                     get_digit(text.data[i + 2]) >= 0;
    if (is_escape) {
      out[size++] = (char)(get_digit(text.data[i + 1]) << 4 | get_digit(text.data[i + 2]));
      i += 2;
    } else {
      out[size++] = text.data[i];
    }
  }
  out[size] = '\0';
  return eagre_text_make(out, size);
}

/* ---- Types ----------------------------------------------------------------------------------- */

/* Whether the text has the shape of `mask`, in which 0 stands for a digit. */
static bool is_shaped(struct eagre_text text, const char *mask) {
  if (text.size != strlen(mask)) return false;
  for (size_t i = 0; i < text.size; i++) {
    bool is_digit = text.data[i] >= '0' && text.data[i] <= '9';
    if (mask[i] == '0' ? !is_digit : text.data[i] != mask[i]) return false;
  }
  return true;
}

static bool is_timestamp(struct eagre_text text, const struct eagre_zone *zone) {
  int64_t value;
  return (is_shaped(text, "0000-00-00 00:00:00") || is_shaped(text, "0000-00-00 00:00:00.0")) &&
         eagre_value_parse_timestamp(text, zone, 0, &value) == EAGRE_VALUE_OK;
}

/* A whole number of at most 38 digits, as Java's BigDecimal reads it; its digits in all. */
static bool read_whole(struct eagre_text text, unsigned *out_precision) {
  eagre_decimal value;
  double real;
  bool is_trimmed = text.size > 0 && text.data[0] > ' ' && text.data[text.size - 1] > ' ';
  bool has_point = memchr(text.data, '.', text.size) != NULL;
  bool is_read =
      is_trimmed && !has_point && eagre_value_parse_double(text, &real) == EAGRE_VALUE_OK &&
      eagre_value_parse_decimal(text, EAGRE_DECIMAL_PRECISION_MAX, 0, &value) == EAGRE_VALUE_OK;
  if (is_read) *out_precision = eagre_decimal_digit_count(value);
  return is_read && (real < 0 || real >= 1 || value == 0);
}

static struct eagre_type *new_decimal(struct eagre_arena *arena, unsigned precision) {
  struct eagre_type *type = eagre_arena_allocate_zeroed(arena, sizeof *type);
  *type = (struct eagre_type){.kind = EAGRE_TYPE_DECIMAL, .precision = (uint8_t)precision};
  return type;
}

/* PartitioningUtils.inferPartitionColumnValue. */
static const struct eagre_type *guess_type(struct eagre_arena *arena, struct eagre_text text,
                                           const struct eagre_zone *zone) {
  int64_t integer;
  double real;
  int32_t days;
  unsigned precision;
  bool is_whole = read_whole(text, &precision);
  if (is_whole && eagre_value_parse_integer(text, &integer) == EAGRE_VALUE_OK) {
    bool is_int = integer >= INT32_MIN && integer <= INT32_MAX;
    return eagre_type_of(is_int ? EAGRE_TYPE_INT : EAGRE_TYPE_BIGINT);
  }
  if (is_whole) return new_decimal(arena, precision);
  if (eagre_value_parse_double(text, &real) == EAGRE_VALUE_OK) {
    return eagre_type_of(EAGRE_TYPE_DOUBLE);
  }
  if (is_timestamp(text, zone)) return eagre_type_of(EAGRE_TYPE_TIMESTAMP);
  bool is_date =
      is_shaped(text, "0000-00-00") && eagre_value_parse_date(text, &days) == EAGRE_VALUE_OK;
  return eagre_type_of(is_date ? EAGRE_TYPE_DATE : EAGRE_TYPE_STRING);
}

/* The place of a type among those that widen to the next. */
static int rank_number(enum eagre_type_kind kind) {
  static const enum eagre_type_kind order[] = {EAGRE_TYPE_INT, EAGRE_TYPE_BIGINT,
                                               EAGRE_TYPE_DECIMAL, EAGRE_TYPE_DOUBLE};
  for (size_t i = 0; i < EAGRE_COUNT_OF(order); i++) {
    if (order[i] == kind) return (int)i;
  }
  return -1;
}

static const struct eagre_type *widen_numbers(struct eagre_arena *arena, const struct eagre_type *a,
                                              const struct eagre_type *b) {
  const struct eagre_type *low = rank_number(a->kind) <= rank_number(b->kind) ? a : b;
  const struct eagre_type *high = low == a ? b : a;
  if (high->kind == EAGRE_TYPE_DOUBLE) {
    return eagre_type_of(low->kind == EAGRE_TYPE_INT || low->kind == EAGRE_TYPE_DOUBLE
                             ? EAGRE_TYPE_DOUBLE
                             : EAGRE_TYPE_STRING);
  }
  if (high->kind != EAGRE_TYPE_DECIMAL) return high;
  unsigned least = low->kind == EAGRE_TYPE_INT      ? 10
                   : low->kind == EAGRE_TYPE_BIGINT ? 20
                                                    : low->precision;
  return new_decimal(arena, high->precision > least ? high->precision : least);
}

static const struct eagre_type *widen(struct eagre_arena *arena, const struct eagre_type *a,
                                      const struct eagre_type *b) {
  if (rank_number(a->kind) >= 0 && rank_number(b->kind) >= 0) return widen_numbers(arena, a, b);
  bool are_times = (a->kind == EAGRE_TYPE_DATE || a->kind == EAGRE_TYPE_TIMESTAMP) &&
                   (b->kind == EAGRE_TYPE_DATE || b->kind == EAGRE_TYPE_TIMESTAMP);
  if (are_times) {
    return eagre_type_of(a->kind == b->kind ? a->kind : EAGRE_TYPE_TIMESTAMP);
  }
  return eagre_type_of(EAGRE_TYPE_STRING);
}

const struct eagre_type *eagre_source_files_partition_type(struct eagre_arena *arena,
                                                           const struct eagre_text *values,
                                                           uint32_t count,
                                                           const struct eagre_zone *zone) {
  const struct eagre_type *type = NULL;
  for (uint32_t i = 0; i < count; i++) {
    struct eagre_text text = eagre_source_files_partition_unescape(arena, values[i]);
    if (eagre_text_equal(text, null_value)) continue;
    const struct eagre_type *one = guess_type(arena, text, zone);
    type = type == NULL ? one : widen(arena, type, one);
  }
  return type == NULL ? eagre_type_of(EAGRE_TYPE_NULL) : type;
}

/* ---- Filling --------------------------------------------------------------------------------- */

static bool find_value(struct eagre_text path, struct eagre_text name, struct eagre_arena *arena,
                       struct eagre_text *out_value) {
  size_t position = 0;
  struct eagre_text found;
  while (eagre_source_files_partition_next(path, &position, &found, out_value)) {
    found = eagre_source_files_partition_unescape(arena, found);
    if (eagre_text_equal_ignoring_case(found, name)) return true;
  }
  return false;
}

static enum eagre_status refuse_names(const struct eagre_field *field, struct eagre_text path,
                                      struct eagre_error *error) {
  eagre_error_set(error, EAGRE_DATA, "CONFLICTING_PARTITION_COLUMN_NAMES",
                  "Conflicting partition column names detected: the file %.*s lies in no directory "
                  "of the partition column `%.*s`.",
                  (int)path.size, path.data, (int)field->name.size, field->name.data);
  eagre_error_hint(error, "files of one source have the same partition columns, in the same order");
  return EAGRE_DATA;
}

static enum eagre_status refuse_value(const struct eagre_field *field, struct eagre_text value,
                                      struct eagre_text path, struct eagre_error *error) {
  struct eagre_buffer type = {0};
  eagre_type_print(&type, field->type);
  eagre_error_set(error, EAGRE_DATA, "INVALID_PARTITION_VALUE",
                  "Failed to cast value '%.*s' to data type \"%s\" for partition column `%.*s`.",
                  (int)value.size, value.data, eagre_buffer_string(&type), (int)field->name.size,
                  field->name.data);
  eagre_error_place(error, "file %.*s", (int)path.size, path.data);
  eagre_error_hint(error, "name the column as STRING in the schema");
  eagre_buffer_done(&type);
  return EAGRE_DATA;
}

static enum eagre_status fill_column(const struct eagre_field *field, const struct eagre_zone *zone,
                                     struct eagre_text path, struct eagre_text below,
                                     struct eagre_batch *batch, struct eagre_vector *out,
                                     struct eagre_error *error) {
  struct eagre_text value;
  if (!find_value(below, field->name, &batch->arena, &value))
    return refuse_names(field, path, error);
  value = eagre_source_files_partition_unescape(&batch->arena, value);
  struct eagre_text raw = eagre_text_equal(value, null_value) ? (struct eagre_text){0} : value;
  if (eagre_source_partition_read(field->type, raw, zone, &batch->arena, out)) return EAGRE_OK;
  return refuse_value(field, value, path, error);
}

enum eagre_status eagre_source_files_partition_fill(const struct eagre_plan_source *plan,
                                                    const struct eagre_zone *zone, const char *root,
                                                    struct eagre_text path,
                                                    struct eagre_batch *batch,
                                                    struct eagre_error *error) {
  size_t skipped = strlen(root);
  if (skipped > path.size) skipped = path.size;
  struct eagre_text below = eagre_text_make(path.data + skipped, path.size - skipped);
  for (uint32_t i = 0; i < plan->schema->field_count; i++) {
    bool is_wanted = plan->wanted == NULL || plan->wanted[i];
    if (!plan->are_partitions[i] || !is_wanted) continue;
    EAGRE_TRY(
        fill_column(&plan->schema->fields[i], zone, path, below, batch, &batch->columns[i], error));
  }
  return EAGRE_OK;
}
