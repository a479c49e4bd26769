/* Bytes as metadata and value of a VARIANT: refused, or a sound value that can be printed and
 * copied. The first two bytes say how many of the others are metadata. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "value/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void print(struct eagre_text text, struct eagre_buffer *out) {
  eagre_variant_print(eagre_variant_open(text), eagre_zone_utc(), out);
}

/* Every member of an object is found by its name. */
static void look_up(struct eagre_variant value) {
  if (eagre_variant_kind_of(value) != EAGRE_VARIANT_OBJECT) return;
  struct eagre_variant_container container = eagre_variant_container_of(value);
  for (uint32_t i = 0; i < container.count; i++) {
    struct eagre_variant found;
    struct eagre_text name = eagre_variant_member_name(&container, i);
    if (!eagre_variant_find(value, name, &found)) abort();
    if (found.value != eagre_variant_member(&container, i).value) abort();
    look_up(found);
  }
}

/* A copy is sound and prints the same. */
static void copy(struct eagre_text text) {
  struct eagre_variant_builder builder = {0};
  struct eagre_buffer before = {0};
  struct eagre_buffer after = {0};
  eagre_variant_builder_begin(&builder);
  eagre_variant_builder_copy(&builder, eagre_variant_open(text));
  struct eagre_text made = {NULL, eagre_variant_builder_finish(&builder)};
  char *bytes = eagre_allocate(made.size + 1);
  eagre_variant_builder_write(&builder, bytes);
  made.data = bytes;
  size_t metadata = eagre_variant_metadata_size(made);
  if (eagre_variant_check(eagre_text_make(bytes, metadata),
                          eagre_text_make(bytes + metadata, made.size - metadata),
                          NULL) != EAGRE_OK) {
    abort();
  }
  print(text, &before);
  print(made, &after);
  if (!eagre_text_equal(eagre_buffer_text(&before), eagre_buffer_text(&after))) abort();
  eagre_buffer_done(&before);
  eagre_buffer_done(&after);
  eagre_variant_builder_done(&builder);
  eagre_free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct eagre_error error;
  eagre_error_init(&error);
  if (size < 2) return 0;
  size_t metadata = (size_t)data[0] | (size_t)data[1] << 8;
  struct eagre_text text = {(const char *)data + 2, size - 2};
  if (metadata > text.size) return 0;
  struct eagre_text value = {text.data + metadata, text.size - metadata};
  enum eagre_status status =
      eagre_variant_check(eagre_text_make(text.data, metadata), value, &error);
  if (status != EAGRE_OK) {
    if (status != EAGRE_DATA || error.class_name[0] == 0) abort();
    return 0;
  }
  look_up(eagre_variant_open(text));
  copy(text);
  return 0;
}
