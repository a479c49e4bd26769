/* What the unit tests of `parquet` share. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base.h"
#include "column/column.h"

int run_chunk_tests(void);
int run_convert_tests(void);
int run_delta_read_tests(void);
int run_dictionary_tests(void);
int run_hybrid_read_tests(void);
int run_hybrid_tests(void);
int run_range_tests(void);
int run_reader_tests(void);
int run_schema_tests(void);
int run_shred_tests(void);
int run_thrift_read_tests(void);
int run_thrift_tests(void);
int run_writer_tests(void);

/* ARRAY<element> and MAP<key, value>, which DDL does not know yet. */
const struct eagre_type *make_array(struct eagre_arena *arena, const struct eagre_type *element);
const struct eagre_type *make_map(struct eagre_arena *arena, const struct eagre_type *key,
                                  const struct eagre_type *value);
/* A STRUCT of one field "c". */
const struct eagre_type *make_column(struct eagre_arena *arena, const struct eagre_type *type);

/* Reads an unsigned varint at `*position` and moves on. */
uint64_t read_varint(const uint8_t *data, size_t *position);
/* Decodes `count` values of the hybrid encoding; returns the bytes used. Fails the test on an empty
 * run and on groups that are not filled up with zeros. */
size_t decode_hybrid(const uint8_t *data, size_t size, unsigned width, uint32_t *out,
                     uint32_t count);
