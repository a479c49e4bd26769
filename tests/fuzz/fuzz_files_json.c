/* Bytes of a JSON file -> rows. All lines are used up; a row is malformed or it is not, in every
 * mode alike: what DROPMALFORMED leaves is what PERMISSIVE does not call malformed, and FAILFAST
 * fails when there is something to drop. */
#include <stddef.h>
#include <stdint.h>

#include "source/source_files.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINE_COUNT_MAX = 512, OPTION_COUNT_MAX = 4, CORRUPT = 2 };

struct counts {
  uint64_t rows;
  uint64_t malformed; /* of those; PERMISSIVE only */
  enum eagre_status status;
};

struct input {
  struct eagre_text lines[LINE_COUNT_MAX];
  uint32_t line_count;
  bool are_ascii;
  const struct eagre_type *schema;
  bool allows_comments;
};

static void count_rows(const struct eagre_batch *batch, struct counts *counts) {
  eagre_assert(batch->row_count <= EAGRE_BATCH_ROWS_MAX);
  counts->rows += batch->row_count;
  for (uint32_t row = 0; row < batch->row_count && batch->column_count > CORRUPT; row++) {
    counts->malformed += !eagre_vector_is_null(&batch->columns[CORRUPT], row);
  }
}

static enum eagre_status decode_lines(struct eagre_source_files_decoder *decoder,
                                      const struct input *input, struct counts *counts) {
  const struct eagre_source_files_part part = {.path = EAGRE_TEXT("/in/f"), .end = UINT64_MAX};
  struct eagre_error error;
  uint32_t done = 0;
  eagre_source_files_decoder_begin(decoder, 0);
  while (done < input->line_count || eagre_source_files_decoder_has_more(decoder)) {
    struct eagre_batch *batch = eagre_batch_new();
    enum eagre_status status = EAGRE_OK;
    uint32_t used = 0;
    eagre_error_init(&error);
    if (eagre_source_files_decoder_has_more(decoder)) {
      eagre_source_files_decoder_more(decoder, batch);
    } else {
      const struct eagre_source_files_lines lines = {input->lines + done, input->line_count - done,
                                                     done + 1, input->are_ascii};
      status = eagre_source_files_decoder_plan(decoder, &lines, &part, &used, &error);
      eagre_assert(status != EAGRE_OK || used > 0);
    }
    if (status == EAGRE_OK) status = eagre_source_files_decoder_fill(decoder, &part, batch, &error);
    if (status == EAGRE_OK) count_rows(batch, counts);
    eagre_batch_free(batch);
    if (status != EAGRE_OK) return status;
    done += used;
  }
  return EAGRE_OK;
}

static struct counts decode(const struct input *input, const char *mode, uint32_t column_count) {
  struct eagre_arena arena = {0};
  struct counts counts = {0};
  struct eagre_error error;
  struct eagre_source_files_format format;
  struct eagre_source_files_decoder *decoder = NULL;
  const struct eagre_option options[OPTION_COUNT_MAX] = {
      {.key = EAGRE_TEXT("mode"), .value = eagre_text_of(mode)},
      {.key = EAGRE_TEXT("allowComments"), .value = EAGRE_TEXT("true")},
  };
  const struct eagre_plan_source plan = {
      .kind = EAGRE_SOURCE_FILES,
      .options = {options, input->allows_comments ? 2 : 1, EAGRE_OPTION_READ_FILES},
      .schema = eagre_type_struct(&arena, input->schema->fields, column_count),
  };
  eagre_assert(eagre_source_files_format_init(&format, &plan, NULL, &error) == EAGRE_OK);
  eagre_assert(eagre_source_files_decoder_new(&format, &decoder, &error) == EAGRE_OK);
  counts.status = decode_lines(decoder, input, &counts);
  eagre_source_files_decoder_free(decoder);
  eagre_source_files_format_done(&format);
  eagre_arena_done(&arena);
  return counts;
}

static void check_modes(const struct input *input) {
  struct counts all = decode(input, "PERMISSIVE", CORRUPT + 1);
  struct counts good = decode(input, "DROPMALFORMED", CORRUPT);
  struct counts strict = decode(input, "FAILFAST", CORRUPT);
  eagre_assert(all.status == EAGRE_OK && good.status == EAGRE_OK);
  eagre_assert(good.rows == all.rows - all.malformed);
  eagre_assert(strict.status == (all.malformed > 0 ? EAGRE_DATA : EAGRE_OK));
  if (strict.status == EAGRE_OK) eagre_assert(strict.rows == all.rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const struct eagre_field fields[CORRUPT + 1] = {
      {EAGRE_TEXT("a"), eagre_type_of(EAGRE_TYPE_INT), true},
      {EAGRE_TEXT("b"), eagre_type_of(EAGRE_TYPE_STRING), true},
      {EAGRE_TEXT("_corrupt_record"), eagre_type_of(EAGRE_TYPE_STRING), true},
  };
  struct eagre_arena arena = {0};
  struct input input = {.schema = eagre_type_struct(&arena, fields, CORRUPT + 1)};
  char *copy = eagre_arena_allocate_vector(&arena, size);
  size_t consumed;
  if (size > 0) memcpy(copy, data, size);
  memset(copy + size, 0, 64);
  input.line_count = eagre_json_split_lines(copy, size, true, input.lines, LINE_COUNT_MAX,
                                            &consumed, &input.are_ascii);
  check_modes(&input);
  input.allows_comments = true;
  check_modes(&input);
  eagre_arena_done(&arena);
  return 0;
}
