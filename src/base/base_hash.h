/* Hashes and checksums. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* A fast 64-bit hash of bytes, good in all bits; stable within one version of the state format
 * (state partitions are chosen by it), so it never depends on the machine. */
uint64_t eagre_hash_bytes(const void *data, size_t size, uint64_t seed);

static inline uint64_t eagre_hash_integer(uint64_t value, uint64_t seed) {
  uint64_t mixed = (value ^ seed ^ 0x9e3779b97f4a7c15u) * 0xbf58476d1ce4e5b9u;
  mixed = (mixed ^ (mixed >> 29)) * 0x94d049bb133111ebu;
  return mixed ^ (mixed >> 32);
}

/* CRC32C (Castagnoli) of `size` bytes, continuing from `crc` (0 to begin): our state files, Kafka.
 * Uses the SSE4.2 instruction where the machine has it. */
uint32_t eagre_crc32c(uint32_t crc, const void *data, size_t size);

/* CRC32 with zlib's polynomial, continuing from `crc` (0 to begin): Hadoop's side files, Parquet's
 * pages. By carry-less multiplication where the machine has it. */
uint32_t eagre_crc32(uint32_t crc, const void *data, size_t size);
