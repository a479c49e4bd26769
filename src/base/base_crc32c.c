/* CRC32C (polynomial 0x1edc6f41, reflected 0x82f63b78): by table, and by instruction.
 *
 * The instruction takes three cycles but one can begin in every cycle, so long input is cut into
 * blocks of three lanes that are summed side by side. A CRC is linear: the register after a block
 * is the XOR of the lanes' registers, each moved past the lanes behind it. Moving past n bytes is a
 * multiplication with x^(8n) modulo the polynomial: a carry-less multiplication with
 * x^(8n - 33), whose 64-bit product the CRC instruction itself reduces (it multiplies with x^32,
 * and the product of two reflected words is short of one more x). */
#include "base/base_crc32c.h"

#include <stdbool.h>
#include <string.h>

#include "base/base_hash.h"

#if defined(__x86_64__)
#include <nmmintrin.h>
#include <wmmintrin.h>
#endif

/* The entry of a byte is the XOR of the entries of its bits. */
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

uint32_t eagre_crc32c_by_table(uint32_t crc, const void *data, size_t size) {
  const uint8_t *bytes = data;
  crc = ~crc;
  for (size_t i = 0; i < size; i++) {
    crc = byte_table[(crc ^ bytes[i]) & 0xff] ^ crc >> 8;
  }
  return ~crc;
}

#if defined(__x86_64__)

#define CRC_TARGET __attribute__((target("sse4.2,pclmul")))

enum { LANE_SIZE = 1024, BLOCK_SIZE = 3 * LANE_SIZE };

static const uint32_t past_one_lane = 0x170076fa;  /* x^(8 * 1024 - 33), reflected */
static const uint32_t past_two_lanes = 0xa51b6135; /* x^(8 * 2048 - 33), reflected */

static inline uint64_t read_word(const uint8_t *bytes) {
  uint64_t word;
  memcpy(&word, bytes, sizeof word);
  return word;
}

CRC_TARGET static inline uint32_t move_register(uint32_t crc, uint32_t factor) {
  __m128i product =
      _mm_clmulepi64_si128(_mm_cvtsi32_si128((int)crc), _mm_cvtsi32_si128((int)factor), 0);
  return (uint32_t)_mm_crc32_u64(0, (uint64_t)_mm_cvtsi128_si64(product));
}

CRC_TARGET static uint32_t update_by_block(uint32_t crc, const uint8_t *bytes) {
  uint64_t first = crc;
  uint64_t second = 0;
  uint64_t third = 0;
  for (size_t i = 0; i < LANE_SIZE; i += 8) {
    first = _mm_crc32_u64(first, read_word(bytes + i));
    second = _mm_crc32_u64(second, read_word(bytes + LANE_SIZE + i));
    third = _mm_crc32_u64(third, read_word(bytes + 2 * LANE_SIZE + i));
  }
  return move_register((uint32_t)first, past_two_lanes) ^
         move_register((uint32_t)second, past_one_lane) ^ (uint32_t)third;
}

CRC_TARGET static uint32_t update_by_instruction(uint32_t crc, const uint8_t *bytes, size_t size) {
  for (; size >= BLOCK_SIZE; bytes += BLOCK_SIZE, size -= BLOCK_SIZE) {
    crc = update_by_block(crc, bytes);
  }
  uint64_t wide = crc;
  for (; size >= 8; bytes += 8, size -= 8) {
    wide = _mm_crc32_u64(wide, read_word(bytes));
  }
  crc = (uint32_t)wide;
  for (; size > 0; bytes++, size--) {
    crc = _mm_crc32_u8(crc, *bytes);
  }
  return crc;
}

static bool has_instruction(void) {
  return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul");
}

uint32_t eagre_crc32c(uint32_t crc, const void *data, size_t size) {
  if (!has_instruction()) return eagre_crc32c_by_table(crc, data, size);
  return ~update_by_instruction(~crc, data, size);
}

#else

uint32_t eagre_crc32c(uint32_t crc, const void *data, size_t size) {
  return eagre_crc32c_by_table(crc, data, size);
}

#endif
