/* Compressed bytes: every codec refuses what it cannot read and never writes more than it was asked
 * for. The first byte chooses the codec, the next two the size wanted. */
#include <stddef.h>
#include <stdint.h>

#include "compress/compress.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 3) return 0;
  enum eagre_codec codec = (enum eagre_codec)(data[0] % EAGRE_CODEC_count);
  size_t output_size = (size_t)(data[1] | data[2] << 8);
  struct eagre_text input = eagre_text_make((const char *)data + 3, size - 3);
  char *output = eagre_allocate(output_size);
  struct eagre_error error;
  eagre_error_init(&error);
  enum eagre_status status = eagre_decompress(codec, input, output, output_size, &error);
  eagre_assert(status == EAGRE_OK || status == EAGRE_UNSAFE);
  eagre_assert(status == error.status);
  eagre_free(output);
  return 0;
}
