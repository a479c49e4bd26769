/* CRC32C (polynomial 0x1edc6f41, reflected 0x82f63b78): table and instruction. */
#include "base/base_hash.h"

#include <string.h>

/* A CRC is linear: the entry of a byte is the XOR of the entries of its bits. */
#define ENTRY(byte)                                                                                \
  (((byte)&0x01 ? 0xf26b8303u : 0) ^ ((byte)&0x02 ? 0xe13b70f7u : 0) ^                             \
   ((byte)&0x04 ? 0xc79a971fu : 0) ^ ((byte)&0x08 ? 0x8ad958cfu : 0) ^                             \
   ((byte)&0x10 ? 0x105ec76fu : 0) ^ ((byte)&0x20 ? 0x20bd8edeu : 0) ^                             \
   ((byte)&0x40 ? 0x417b1dbcu : 0) ^ ((byte)&0x80 ? 0x82f63b78u : 0))
#define ENTRIES_4(byte) ENTRY(byte), ENTRY(byte + 1), ENTRY(byte + 2), ENTRY(byte + 3)
#define ENTRIES_16(byte)                                                                           \
  ENTRIES_4(byte), ENTRIES_4(byte + 4), ENTRIES_4(byte + 8), ENTRIES_4(byte + 12)
#define ENTRIES_64(byte)                                                                           \
  ENTRIES_16(byte), ENTRIES_16(byte + 16), ENTRIES_16(byte + 32), ENTRIES_16(byte + 48)

static const uint32_t byte_table[256] = {ENTRIES_64(0), ENTRIES_64(64), ENTRIES_64(128),
                                         ENTRIES_64(192)};

/* The functions below work on the raw register, without the inversion at both ends. */

static uint32_t update_by_table(uint32_t crc, const uint8_t *bytes, size_t size) {
  for (size_t i = 0; i < size; i++) {
    crc = byte_table[(crc ^ bytes[i]) & 0xff] ^ crc >> 8;
  }
  return crc;
}

#if defined(__x86_64__)
#include <nmmintrin.h>

__attribute__((target("sse4.2"))) static uint32_t
update_by_instruction(uint32_t crc, const uint8_t *bytes, size_t size) {
  uint64_t wide = crc;
  for (; size >= 8; bytes += 8, size -= 8) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    wide = _mm_crc32_u64(wide, word);
  }
  crc = (uint32_t)wide;
  for (; size > 0; bytes++, size--) {
    crc = _mm_crc32_u8(crc, *bytes);
  }
  return crc;
}

uint32_t eagre_crc32c(uint32_t crc, const void *data, size_t size) {
  if (__builtin_cpu_supports("sse4.2")) return ~update_by_instruction(~crc, data, size);
  return ~update_by_table(~crc, data, size);
}
#else
uint32_t eagre_crc32c(uint32_t crc, const void *data, size_t size) {
  return ~update_by_table(~crc, data, size);
}
#endif
