/* hash (Murmur3, 32 bits) and xxhash64 as Spark defines them over values: the arguments one after
 * the other, each hash the seed of the next, 42 at first; a NULL leaves the hash as it is, a
 * STRUCT is its fields, an ARRAY its elements. Booleans and integrals up to INT and DATE are
 * hashed as INT, BIGINT, TIMESTAMP and intervals as BIGINT, reals as their bits with one zero and
 * one NaN, texts as bytes, a DECIMAL as its digits. */
#include <math.h>
#include <string.h>

#include "expression/expression_functions.h"
#include "expression/expression_list.h"

/* ---- Murmur3 as in Spark: the bytes behind the last word of four are mixed one at a time ---- */

static uint32_t rotate_32(uint32_t value, int count) {
  return value << count | value >> (32 - count);
}

static uint32_t murmur_mix(uint32_t hash, uint32_t word) {
  word = rotate_32(word * 0xcc9e2d51u, 15) * 0x1b873593u;
  return rotate_32(hash ^ word, 13) * 5 + 0xe6546b64u;
}

static uint32_t murmur_finish(uint32_t hash, uint32_t size) {
  hash ^= size;
  hash = (hash ^ (hash >> 16)) * 0x85ebca6bu;
  hash = (hash ^ (hash >> 13)) * 0xc2b2ae35u;
  return hash ^ (hash >> 16);
}

static uint64_t murmur_int(uint32_t value, uint64_t seed) {
  return murmur_finish(murmur_mix((uint32_t)seed, value), 4);
}

static uint64_t murmur_long(uint64_t value, uint64_t seed) {
  uint32_t hash = murmur_mix((uint32_t)seed, (uint32_t)value);
  return murmur_finish(murmur_mix(hash, (uint32_t)(value >> 32)), 8);
}

static uint64_t murmur_bytes(struct eagre_text bytes, uint64_t seed) {
  uint32_t hash = (uint32_t)seed;
  size_t at = 0;
  for (; at + 4 <= bytes.size; at += 4) {
    uint32_t word;
    memcpy(&word, bytes.data + at, sizeof word);
    hash = murmur_mix(hash, word);
  }
  for (; at < bytes.size; at++) {
    hash = murmur_mix(hash, (uint32_t)(int32_t)(signed char)bytes.data[at]);
  }
  return murmur_finish(hash, (uint32_t)bytes.size);
}

/* ---- XXH64 ---------------------------------------------------------------------------------- */

#define PRIME_1 UINT64_C(0x9E3779B185EBCA87)
#define PRIME_2 UINT64_C(0xC2B2AE3D27D4EB4F)
#define PRIME_3 UINT64_C(0x165667B19E3779F9)
#define PRIME_4 UINT64_C(0x85EBCA77C2B2AE63)
#define PRIME_5 UINT64_C(0x27D4EB2F165667C5)

static uint64_t rotate_64(uint64_t value, int count) {
  return value << count | value >> (64 - count);
}

static uint64_t xx_finish(uint64_t hash) {
  hash = (hash ^ (hash >> 33)) * PRIME_2;
  hash = (hash ^ (hash >> 29)) * PRIME_3;
  return hash ^ (hash >> 32);
}

static uint64_t xx_round(uint64_t hash, uint64_t word) {
  return rotate_64(hash + word * PRIME_2, 31) * PRIME_1;
}

static uint64_t xx_mix_8(uint64_t hash, uint64_t word) {
  return rotate_64(hash ^ xx_round(0, word), 27) * PRIME_1 + PRIME_4;
}

static uint64_t xx_mix_4(uint64_t hash, uint32_t word) {
  return rotate_64(hash ^ (word * PRIME_1), 23) * PRIME_2 + PRIME_3;
}

static uint64_t xx_int(uint32_t value, uint64_t seed) {
  return xx_finish(xx_mix_4(seed + PRIME_5 + 4, value));
}

static uint64_t xx_long(uint64_t value, uint64_t seed) {
  return xx_finish(xx_mix_8(seed + PRIME_5 + 8, value));
}

static uint64_t load_8(const char *data) {
  uint64_t value;
  memcpy(&value, data, sizeof value);
  return value;
}

/* The hash over the whole stripes of 32 bytes; *out_at is where they end. */
static uint64_t xx_stripes(struct eagre_text bytes, uint64_t seed, size_t *out_at) {
  uint64_t lanes[] = {seed + PRIME_1 + PRIME_2, seed + PRIME_2, seed, seed - PRIME_1};
  size_t at = 0;
  for (; at + 32 <= bytes.size; at += 32) {
    for (int i = 0; i < 4; i++) {
      lanes[i] = xx_round(lanes[i], load_8(bytes.data + at + (size_t)i * 8));
    }
  }
  uint64_t hash = rotate_64(lanes[0], 1) + rotate_64(lanes[1], 7) + rotate_64(lanes[2], 12) +
                  rotate_64(lanes[3], 18);
  for (int i = 0; i < 4; i++) {
    hash = (hash ^ xx_round(0, lanes[i])) * PRIME_1 + PRIME_4;
  }
  *out_at = at;
  return hash;
}

static uint64_t xx_bytes(struct eagre_text bytes, uint64_t seed) {
  size_t at = 0;
  uint64_t hash = bytes.size >= 32 ? xx_stripes(bytes, seed, &at) : seed + PRIME_5;
  hash += bytes.size;
  for (; at + 8 <= bytes.size; at += 8) {
    hash = xx_mix_8(hash, load_8(bytes.data + at));
  }
  if (at + 4 <= bytes.size) {
    uint32_t word;
    memcpy(&word, bytes.data + at, sizeof word);
    hash = xx_mix_4(hash, word);
    at += 4;
  }
  for (; at < bytes.size; at++) {
    hash = rotate_64(hash ^ ((unsigned char)bytes.data[at] * PRIME_5), 11) * PRIME_1;
  }
  return xx_finish(hash);
}

/* ---- Values --------------------------------------------------------------------------------- */

struct hash_functions {
  uint64_t (*of_int)(uint32_t value, uint64_t seed);
  uint64_t (*of_long)(uint64_t value, uint64_t seed);
  uint64_t (*of_bytes)(struct eagre_text bytes, uint64_t seed);
};

static uint32_t float_bits(float value) {
  uint32_t bits;
  if (value == 0) value = 0.0f;
  memcpy(&bits, &value, sizeof bits);
  return isnan(value) ? 0x7fc00000u : bits;
}

static uint64_t double_bits(double value) {
  uint64_t bits;
  if (value == 0) value = 0.0;
  memcpy(&bits, &value, sizeof bits);
  return isnan(value) ? UINT64_C(0x7ff8000000000000) : bits;
}

/* Up to 18 digits as a BIGINT, else as the bytes of Java's BigInteger: the fewest that hold the
 * sign, highest first. */
static uint64_t hash_decimal(const struct hash_functions *functions, eagre_decimal value,
                             unsigned precision, uint64_t seed) {
  enum { LONG_PRECISION_MAX = 18, SIZE = sizeof(eagre_decimal) };
  if (precision <= LONG_PRECISION_MAX) return functions->of_long((uint64_t)value, seed);
  size_t size = 1;
  while (size < SIZE && value >> (size * 8 - 1) != (value < 0 ? -1 : 0)) {
    size++;
  }
  char bytes[SIZE];
  for (size_t i = 0; i < size; i++) {
    bytes[size - 1 - i] = (char)(value >> (i * 8));
  }
  return functions->of_bytes(eagre_text_make(bytes, size), seed);
}

static uint64_t hash_value(const struct hash_functions *functions,
                           const struct eagre_vector *vector, uint32_t row, uint64_t seed) {
  if (eagre_vector_is_null(vector, row)) return seed;
  uint32_t index = eagre_vector_index(vector, row);
  switch (vector->type->kind) {
  case EAGRE_TYPE_BOOLEAN:
    return functions->of_int(eagre_bit_get(vector->data, index), seed);
  case EAGRE_TYPE_TINYINT:
    return functions->of_int((uint32_t)(int32_t)EAGRE_VALUES(int8_t, vector)[index], seed);
  case EAGRE_TYPE_SMALLINT:
    return functions->of_int((uint32_t)(int32_t)EAGRE_VALUES(int16_t, vector)[index], seed);
  case EAGRE_TYPE_INT:
  case EAGRE_TYPE_DATE:
  case EAGRE_TYPE_INTERVAL_YEAR:
    return functions->of_int(EAGRE_VALUES(uint32_t, vector)[index], seed);
  case EAGRE_TYPE_FLOAT:
    return functions->of_int(float_bits(EAGRE_VALUES(float, vector)[index]), seed);
  case EAGRE_TYPE_DOUBLE:
    return functions->of_long(double_bits(EAGRE_VALUES(double, vector)[index]), seed);
  case EAGRE_TYPE_DECIMAL:
    return hash_decimal(functions, EAGRE_VALUES(eagre_decimal, vector)[index],
                        vector->type->precision, seed);
  case EAGRE_TYPE_STRING:
  case EAGRE_TYPE_BINARY:
    return functions->of_bytes(EAGRE_VALUES(struct eagre_text, vector)[index], seed);
  case EAGRE_TYPE_STRUCT:
    for (uint32_t i = 0; i < vector->type->field_count; i++) {
      seed = hash_value(functions, &vector->children[i], index, seed);
    }
    return seed;
  case EAGRE_TYPE_ARRAY:
    for (int32_t i = vector->offsets[index]; i < vector->offsets[index + 1]; i++) {
      seed = hash_value(functions, vector->children, (uint32_t)i, seed);
    }
    return seed;
  default:
    return functions->of_long(EAGRE_VALUES(uint64_t, vector)[index], seed);
  }
}

uint64_t eagre_hash_value(const struct eagre_vector *vector, uint32_t row) {
  static const struct hash_functions functions = {xx_int, xx_long, xx_bytes};
  return hash_value(&functions, vector, row, 42);
}

static uint64_t hash_row(const struct eagre_kernel_call *call,
                         const struct hash_functions *functions, uint32_t row) {
  uint64_t hash = 42;
  for (uint32_t i = 0; i < call->node->argument_count; i++) {
    hash = hash_value(functions, call->arguments[i], row, hash);
  }
  return hash;
}

enum eagre_status eagre_kernel_hash(struct eagre_kernel_call *call) {
  static const struct hash_functions functions = {murmur_int, murmur_long, murmur_bytes};
  int32_t *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    out[row] = (int32_t)(uint32_t)hash_row(call, &functions, row);
  }
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_xxhash64(struct eagre_kernel_call *call) {
  static const struct hash_functions functions = {xx_int, xx_long, xx_bytes};
  int64_t *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    out[row] = (int64_t)hash_row(call, &functions, row);
  }
  return EAGRE_OK;
}

/* ---- Binding --------------------------------------------------------------------------------- */

/* Equal maps may have their pairs in another order. */
static enum eagre_status bind_hash(struct eagre_bind *bind, enum eagre_type_kind type,
                                   eagre_kernel_fn *kernel, struct eagre_expression **out) {
  for (uint32_t i = 0; i < bind->argument_count; i++) {
    EAGRE_TRY(eagre_bind_require_value(bind, i));
    if (eagre_type_holds(bind->arguments[i]->type, EAGRE_TYPE_VARIANT)) {
      return eagre_bind_mismatch(bind, "HASH_VARIANT_TYPE",
                                 "Input to the function `%s` cannot contain elements of the "
                                 "\"VARIANT\" type yet.",
                                 bind->function->info.name);
    }
    if (!eagre_type_holds(bind->arguments[i]->type, EAGRE_TYPE_MAP)) continue;
    return eagre_bind_mismatch(bind, "HASH_MAP_TYPE",
                               "Input to the function `%s` cannot contain elements of the \"MAP\" "
                               "type: equal maps may have different hashes.",
                               bind->function->info.name);
  }
  *out = eagre_bind_call(bind, eagre_type_of(type), kernel);
  return EAGRE_OK;
}

enum eagre_status eagre_bind_hash(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_hash(bind, EAGRE_TYPE_INT, eagre_kernel_hash, out);
}

enum eagre_status eagre_bind_xxhash64(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_hash(bind, EAGRE_TYPE_BIGINT, eagre_kernel_xxhash64, out);
}
