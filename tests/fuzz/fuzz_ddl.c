/* DDL text: any bytes give a type or an error with a place inside the text; what a type prints is
 * read again as an equal type. */
#include <stddef.h>
#include <stdint.h>

#include "column/column.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_error(const struct eagre_error *error, size_t size) {
  eagre_assert(error->status == EAGRE_USAGE);
  eagre_assert(error->class_name[0] != '\0' && error->text[0] != '\0');
  eagre_assert(error->line >= 1 && error->line <= size + 1);
  eagre_assert(error->column >= 1 && error->column <= size + 1);
  eagre_assert(error->length >= 1);
}

static void check_printed(struct eagre_arena *arena, const struct eagre_type *type) {
  struct eagre_buffer printed = {0};
  const struct eagre_type *again;
  struct eagre_error error;
  eagre_type_print(&printed, type);
  enum eagre_status status = eagre_type_parse(arena, eagre_buffer_text(&printed), &again, &error);
  eagre_assert(status == EAGRE_OK);
  eagre_assert(eagre_type_equal(type, again));
  eagre_buffer_done(&printed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct eagre_arena arena = {0};
  struct eagre_text ddl = eagre_text_make((const char *)data, size);
  const struct eagre_type *type;
  struct eagre_error error;
  if (eagre_type_parse_columns(&arena, ddl, &type, &error) == EAGRE_OK) {
    check_printed(&arena, type);
  } else {
    check_error(&error, size);
  }
  if (eagre_type_parse(&arena, ddl, &type, &error) == EAGRE_OK) {
    check_printed(&arena, type);
  } else {
    check_error(&error, size);
  }
  eagre_arena_done(&arena);
  return 0;
}
