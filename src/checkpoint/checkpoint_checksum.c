/* The hidden side file `.NAME.crc` that Hadoop's checksum file system leaves beside a file NAME:
 *
 *   offset size
 *   0      4     "crc\0"
 *   4      4     bytes per checksum, big endian; Spark's is 512
 *   8      4*n   CRC32 (zlib's polynomial), big endian, of each stretch of so many bytes, the last
 *                one shorter; none for an empty file
 *
 * (spark-semantics 2.2.) Spark writes it and no longer looks at it; we look at both theirs and
 * ours. */
#include "checkpoint/checkpoint_file.h"

enum { HEADER_SIZE = 8, BYTES_PER_CHECKSUM = 512, CHECKSUM_SIZE = 4 };

static const char MAGIC[4] = {'c', 'r', 'c', '\0'};

static void append_big_endian(struct eagre_buffer *out, uint32_t value) {
  char bytes[4] = {(char)(value >> 24), (char)(value >> 16), (char)(value >> 8), (char)value};
  eagre_buffer_append(out, bytes, sizeof bytes);
}

static uint32_t read_big_endian(const char *bytes) {
  const unsigned char *from = (const unsigned char *)bytes;
  return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

void eagre_checkpoint_checksum_make(struct eagre_text content, struct eagre_buffer *out) {
  eagre_buffer_append(out, MAGIC, sizeof MAGIC);
  append_big_endian(out, BYTES_PER_CHECKSUM);
  for (size_t done = 0; done < content.size; done += BYTES_PER_CHECKSUM) {
    size_t left = content.size - done;
    size_t size = left < BYTES_PER_CHECKSUM ? left : BYTES_PER_CHECKSUM;
    append_big_endian(out, eagre_crc32(0, content.data + done, size));
  }
}

bool eagre_checkpoint_checksum_matches(struct eagre_text side, struct eagre_text content) {
  if (side.size < HEADER_SIZE || memcmp(side.data, MAGIC, sizeof MAGIC) != 0) return false;
  size_t step = read_big_endian(side.data + 4);
  if (step == 0) return false;
  size_t count = content.size / step + (content.size % step != 0);
  if ((side.size - HEADER_SIZE) / CHECKSUM_SIZE != count || side.size % CHECKSUM_SIZE != 0)
    return false;
  for (size_t i = 0; i < count; i++) {
    size_t begin = i * step;
    size_t size = content.size - begin < step ? content.size - begin : step;
    uint32_t expected = read_big_endian(side.data + HEADER_SIZE + i * CHECKSUM_SIZE);
    if (eagre_crc32(0, content.data + begin, size) != expected) return false;
  }
  return true;
}
