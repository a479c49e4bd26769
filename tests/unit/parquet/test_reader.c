/* The reader's door over files made by hand: forms that today's writers do not write, and files
 * that contradict themselves. What today's writers write is read in tests/readers. */
#include "test_parquet.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "compress/compress.h"
#include "io/io.h"
#include "parquet/parquet.h"
#include "parquet/parquet_format.h"
#include "parquet/parquet_thrift.h"

enum { GROUP = -1, NONE = EAGRE_PARQUET_CONVERTED_NONE, LEAF_COUNT_MAX = 4, PAGE_COUNT_MAX = 4 };

struct element {
  const char *name;
  int physical;
  enum eagre_parquet_repetition repetition;
  int child_count;
  int converted;
  int length; /* of FIXED_LEN_BYTE_ARRAY */
};

struct page {
  enum eagre_parquet_page_type type;
  int encoding;
  int value_count;
  struct eagre_text body;   /* as stored */
  size_t uncompressed_size; /* 0: that of the body */
  int level_encoding;       /* v1; 0: RLE */
  int repetitions_size;     /* v2 */
  int definitions_size;     /* v2 */
  bool is_plain;            /* v2: not compressed */
  bool is_damaged;          /* a checksum that does not match */
};

struct leaf {
  int value_count;
  struct page pages[PAGE_COUNT_MAX]; /* ended by one without a body */
};

struct made_file {
  const struct element *elements; /* without the root */
  int element_count;
  int column_count;
  int row_count;
  int codec;
  struct leaf leaves[LEAF_COUNT_MAX];
  int leaf_count;
  const char *magic; /* NULL: PAR1 */
};

struct fixture {
  struct eagre_io *io;
  struct eagre_error error;
  char path[64];
  struct eagre_parquet_reader *reader;
  struct eagre_batch *batch;
};

/* ---- Making files ---------------------------------------------------------------------------- */

static void append_page(struct eagre_buffer *out, const struct page *page) {
  struct eagre_parquet_thrift thrift;
  size_t size = page->uncompressed_size > 0 ? page->uncompressed_size : page->body.size;
  eagre_parquet_thrift_begin(&thrift, out);
  eagre_parquet_thrift_put_i32(&thrift, 1, page->type);
  eagre_parquet_thrift_put_i32(&thrift, 2, (int32_t)size);
  eagre_parquet_thrift_put_i32(&thrift, 3, (int32_t)page->body.size);
  if (page->is_damaged) eagre_parquet_thrift_put_i32(&thrift, 4, 7);
  static const int16_t ids[] = {[EAGRE_PARQUET_DATA_PAGE] = 5,
                                [EAGRE_PARQUET_INDEX_PAGE] = 6,
                                [EAGRE_PARQUET_DICTIONARY_PAGE] = 7,
                                [EAGRE_PARQUET_DATA_PAGE_V2] = 8};
  eagre_parquet_thrift_put_struct(&thrift, ids[page->type]);
  eagre_parquet_thrift_put_i32(&thrift, 1, page->value_count);
  int levels = page->level_encoding == 0 ? EAGRE_PARQUET_RLE : page->level_encoding;
  if (page->type == EAGRE_PARQUET_DATA_PAGE_V2) {
    eagre_parquet_thrift_put_i32(&thrift, 2, 0);
    eagre_parquet_thrift_put_i32(&thrift, 3, page->value_count);
    eagre_parquet_thrift_put_i32(&thrift, 4, page->encoding);
    eagre_parquet_thrift_put_i32(&thrift, 5, page->definitions_size);
    eagre_parquet_thrift_put_i32(&thrift, 6, page->repetitions_size);
    if (page->is_plain) eagre_parquet_thrift_put_bool(&thrift, 7, false);
  } else {
    eagre_parquet_thrift_put_i32(&thrift, 2, page->encoding);
    eagre_parquet_thrift_put_i32(&thrift, 3, levels);
    eagre_parquet_thrift_put_i32(&thrift, 4, levels);
  }
  eagre_parquet_thrift_end(&thrift);
  eagre_parquet_thrift_end(&thrift);
  eagre_buffer_append_text(out, page->body);
}

static void add_element(struct eagre_parquet_thrift *thrift, const struct element *element) {
  eagre_parquet_thrift_add_struct(thrift);
  if (element->physical != GROUP) eagre_parquet_thrift_put_i32(thrift, 1, element->physical);
  if (element->length > 0) eagre_parquet_thrift_put_i32(thrift, 2, element->length);
  eagre_parquet_thrift_put_i32(thrift, 3, element->repetition);
  eagre_parquet_thrift_put_binary(thrift, 4, eagre_text_of(element->name));
  if (element->child_count > 0) eagre_parquet_thrift_put_i32(thrift, 5, element->child_count);
  if (element->converted != NONE) eagre_parquet_thrift_put_i32(thrift, 6, element->converted);
  eagre_parquet_thrift_end(thrift);
}

static void add_chunk(struct eagre_parquet_thrift *thrift, const struct made_file *file, int leaf,
                      int physical, size_t offset, size_t size) {
  eagre_parquet_thrift_add_struct(thrift);
  eagre_parquet_thrift_put_i64(thrift, 2, 0);
  eagre_parquet_thrift_put_struct(thrift, 3);
  eagre_parquet_thrift_put_i32(thrift, 1, physical);
  eagre_parquet_thrift_put_i32(thrift, 4, file->codec);
  eagre_parquet_thrift_put_i64(thrift, 5, file->leaves[leaf].value_count);
  eagre_parquet_thrift_put_i64(thrift, 6, (int64_t)size);
  eagre_parquet_thrift_put_i64(thrift, 7, (int64_t)size);
  eagre_parquet_thrift_put_i64(thrift, 9, (int64_t)offset);
  eagre_parquet_thrift_end(thrift);
  eagre_parquet_thrift_end(thrift);
}

static int find_physical(const struct made_file *file, int leaf) {
  for (int i = 0;; i++) {
    if (file->elements[i].physical != GROUP && leaf-- == 0) return file->elements[i].physical;
  }
}

static void append_footer(struct eagre_buffer *out, const struct made_file *file,
                          const size_t *offsets) {
  struct eagre_parquet_thrift thrift;
  size_t begin = out->size;
  eagre_parquet_thrift_begin(&thrift, out);
  eagre_parquet_thrift_put_i32(&thrift, 1, 1);
  eagre_parquet_thrift_put_list(&thrift, 2, EAGRE_PARQUET_THRIFT_STRUCT,
                                (size_t)file->element_count + 1);
  add_element(&thrift, &(struct element){"schema", GROUP, 0, file->column_count, NONE});
  for (int i = 0; i < file->element_count; i++) {
    add_element(&thrift, &file->elements[i]);
  }
  eagre_parquet_thrift_put_i64(&thrift, 3, file->row_count);
  eagre_parquet_thrift_put_list(&thrift, 4, EAGRE_PARQUET_THRIFT_STRUCT, 1);
  eagre_parquet_thrift_add_struct(&thrift);
  eagre_parquet_thrift_put_list(&thrift, 1, EAGRE_PARQUET_THRIFT_STRUCT, (size_t)file->leaf_count);
  for (int i = 0; i < file->leaf_count; i++) {
    add_chunk(&thrift, file, i, find_physical(file, i), offsets[i], offsets[i + 1] - offsets[i]);
  }
  eagre_parquet_thrift_put_i64(&thrift, 3, file->row_count);
  eagre_parquet_thrift_end(&thrift);
  eagre_parquet_thrift_end(&thrift);
  uint32_t size = (uint32_t)(out->size - begin);
  eagre_buffer_append(out, &size, sizeof size);
  eagre_buffer_append(out, "PAR1", 4);
}

static void write_file(const struct fixture *fixture, const struct made_file *file) {
  struct eagre_buffer out = {0};
  size_t offsets[LEAF_COUNT_MAX + 1];
  eagre_buffer_append(&out, "PAR1", 4);
  for (int i = 0; i < file->leaf_count; i++) {
    offsets[i] = out.size;
    for (int k = 0; k < PAGE_COUNT_MAX && file->leaves[i].pages[k].body.data != NULL; k++) {
      append_page(&out, &file->leaves[i].pages[k]);
    }
  }
  offsets[file->leaf_count] = out.size;
  append_footer(&out, file, offsets);
  FILE *stream = fopen(fixture->path, "wb");
  assert_non_null(stream);
  assert_int_equal(fwrite(out.data, 1, out.size, stream), out.size);
  assert_int_equal(fclose(stream), 0);
  eagre_buffer_done(&out);
}

/* ---- Reading them ---------------------------------------------------------------------------- */

static int set_up(void **state) {
  struct fixture *fixture = eagre_allocate_zeroed(1, sizeof *fixture);
  snprintf(fixture->path, sizeof fixture->path, "/tmp/eagre-test-XXXXXX");
  int descriptor = mkstemp(fixture->path);
  assert_true(descriptor >= 0 && close(descriptor) == 0);
  eagre_error_init(&fixture->error);
  assert_int_equal(eagre_io_open(NULL, &fixture->io, &fixture->error), EAGRE_OK);
  *state = fixture;
  return 0;
}

static int tear_down(void **state) {
  struct fixture *fixture = *state;
  eagre_batch_free(fixture->batch);
  eagre_parquet_reader_close(fixture->reader);
  unlink(fixture->path);
  eagre_io_close(fixture->io);
  eagre_free(fixture);
  return 0;
}

static enum eagre_status open_file(struct fixture *fixture, const struct made_file *file) {
  write_file(fixture, file);
  return eagre_parquet_reader_open(fixture->io, fixture->path, NULL, &fixture->reader,
                                   &fixture->error);
}

/* The first batch. */
static enum eagre_status read_file(struct fixture *fixture, const struct made_file *file) {
  enum eagre_status status = open_file(fixture, file);
  if (status != EAGRE_OK) return status;
  fixture->batch = eagre_batch_new();
  return eagre_parquet_reader_read(fixture->reader, fixture->batch, NULL, &fixture->error);
}

static void check_columns(const struct fixture *fixture, const char *expected) {
  struct eagre_buffer text = {0};
  eagre_type_print_catalog(&text, eagre_parquet_reader_columns(fixture->reader));
  assert_string_equal(eagre_buffer_string(&text), expected);
  eagre_buffer_done(&text);
}

static void check_refused(struct fixture *fixture, const struct made_file *file,
                          const char *reason) {
  assert_int_equal(read_file(fixture, file), EAGRE_DATA);
  assert_non_null(strstr(fixture->error.text, reason));
  assert_non_null(strstr(fixture->error.text, fixture->path));
}

static const int32_t *integers(const struct eagre_vector *vector) {
  return EAGRE_VALUES(int32_t, vector);
}

#define BODY(...) EAGRE_TEXT(((char[]){__VA_ARGS__, 0}))

static const struct element optional_integer[] = {
    {"n", EAGRE_PARQUET_INT32, EAGRE_PARQUET_OPTIONAL, 0, NONE, 0}};
static const struct element required_integer[] = {
    {"n", EAGRE_PARQUET_INT32, EAGRE_PARQUET_REQUIRED, 0, NONE, 0}};
static const struct element required_text[] = {
    {"s", EAGRE_PARQUET_BYTE_ARRAY, EAGRE_PARQUET_REQUIRED, 0, EAGRE_PARQUET_CONVERTED_UTF8}};

/* A file of one leaf. */
static struct made_file make_file(const struct element *elements, int element_count, int row_count,
                                  struct leaf leaf) {
  return (struct made_file){.elements = elements,
                            .element_count = element_count,
                            .column_count = 1,
                            .row_count = row_count,
                            .leaves = {leaf},
                            .leaf_count = 1};
}

/* ---- Forms ----------------------------------------------------------------------------------- */

static void test_bit_packed_levels(void **state) {
  struct fixture *fixture = *state;
  /* Levels 1 0 1, highest bit first, without a length. */
  struct page page = {.value_count = 3,
                      .body = BODY((char)0xa0, 5, 0, 0, 0, 6, 0, 0, 0),
                      .level_encoding = EAGRE_PARQUET_BIT_PACKED};
  page.body.size = 9;
  struct made_file file = make_file(optional_integer, 1, 3, (struct leaf){3, {page}});
  assert_int_equal(read_file(fixture, &file), EAGRE_OK);
  const struct eagre_vector *column = &fixture->batch->columns[0];
  assert_int_equal(integers(column)[0], 5);
  assert_true(eagre_vector_is_null(column, 1));
  assert_int_equal(integers(column)[2], 6);
}

/* Rows [1, 2], [], [3] of a list that is not NULL: four entries with repetition levels 0 1 0 0 and
 * definition levels 1 1 0 1. */
static struct page make_list_page(void) {
  return (struct page){
      .value_count = 4,
      .body = {"\x02\0\0\0\x03\x02"               /* packed: 0 1 0 0 */
               "\x06\0\0\0\x04\x01\x02\0\x02\x01" /* runs: 2 of 1, 1 of 0, 1 of 1 */
               "\x01\0\0\0\x02\0\0\0\x03\0\0\0",
               28},
  };
}

static void check_list(const struct eagre_vector *list) {
  static const int32_t offsets[] = {0, 2, 2, 3};
  static const int32_t values[] = {1, 2, 3};
  assert_null(list->validity);
  assert_memory_equal(list->offsets, offsets, sizeof offsets);
  const struct eagre_vector *element = &list->children[0];
  if (element->type->kind == EAGRE_TYPE_STRUCT) element = &element->children[0];
  assert_memory_equal(element->data, values, sizeof values);
}

static void test_list_without_annotation(void **state) {
  struct fixture *fixture = *state;
  static const struct element elements[] = {
      {"l", EAGRE_PARQUET_INT32, EAGRE_PARQUET_REPEATED, 0, NONE, 0}};
  struct made_file file = make_file(elements, 1, 3, (struct leaf){4, {make_list_page()}});
  assert_int_equal(read_file(fixture, &file), EAGRE_OK);
  check_columns(fixture, "struct<l:array<int>>");
  check_list(&fixture->batch->columns[0]);
}

static void check_two_level_list(struct fixture *fixture, const struct element *elements,
                                 int element_count, const char *type) {
  struct made_file file =
      make_file(elements, element_count, 3, (struct leaf){4, {make_list_page()}});
  assert_int_equal(read_file(fixture, &file), EAGRE_OK);
  check_columns(fixture, type);
  check_list(&fixture->batch->columns[0]);
}

static void test_list_of_repeated_values(void **state) {
  static const struct element elements[] = {
      {"l", GROUP, EAGRE_PARQUET_REQUIRED, 1, EAGRE_PARQUET_CONVERTED_LIST},
      {"array", EAGRE_PARQUET_INT32, EAGRE_PARQUET_REPEATED, 0, NONE, 0}};
  check_two_level_list(*state, elements, 2, "struct<l:array<int>>");
}

static void test_list_of_groups_called_array(void **state) {
  static const struct element elements[] = {
      {"l", GROUP, EAGRE_PARQUET_REQUIRED, 1, EAGRE_PARQUET_CONVERTED_LIST},
      {"array", GROUP, EAGRE_PARQUET_REPEATED, 1, NONE},
      {"x", EAGRE_PARQUET_INT32, EAGRE_PARQUET_REQUIRED, 0, NONE, 0}};
  check_two_level_list(*state, elements, 3, "struct<l:array<struct<x:int>>>");
}

static void test_list_of_tuples(void **state) {
  static const struct element elements[] = {
      {"l", GROUP, EAGRE_PARQUET_REQUIRED, 1, EAGRE_PARQUET_CONVERTED_LIST},
      {"l_tuple", GROUP, EAGRE_PARQUET_REPEATED, 1, NONE},
      {"x", EAGRE_PARQUET_INT32, EAGRE_PARQUET_REQUIRED, 0, NONE, 0}};
  check_two_level_list(*state, elements, 3, "struct<l:array<struct<x:int>>>");
}

static void test_list_of_three_levels_under_another_name(void **state) {
  static const struct element elements[] = {
      {"l", GROUP, EAGRE_PARQUET_REQUIRED, 1, EAGRE_PARQUET_CONVERTED_LIST},
      {"bag", GROUP, EAGRE_PARQUET_REPEATED, 1, NONE},
      {"item", EAGRE_PARQUET_INT32, EAGRE_PARQUET_REQUIRED, 0, NONE, 0}};
  check_two_level_list(*state, elements, 3, "struct<l:array<int>>");
}

static void test_map_key_value(void **state) {
  struct fixture *fixture = *state;
  static const struct element elements[] = {
      {"m", GROUP, EAGRE_PARQUET_REQUIRED, 1, EAGRE_PARQUET_CONVERTED_MAP_KEY_VALUE},
      {"map", GROUP, EAGRE_PARQUET_REPEATED, 2, EAGRE_PARQUET_CONVERTED_MAP_KEY_VALUE},
      {"key", EAGRE_PARQUET_INT32, EAGRE_PARQUET_REQUIRED, 0, NONE, 0},
      {"value", EAGRE_PARQUET_INT32, EAGRE_PARQUET_REQUIRED, 0, NONE, 0}};
  struct made_file file = make_file(elements, 4, 3, (struct leaf){4, {make_list_page()}});
  file.leaves[1] = file.leaves[0];
  file.leaf_count = 2;
  assert_int_equal(read_file(fixture, &file), EAGRE_OK);
  check_columns(fixture, "struct<m:map<int,int>>");
  check_list(&fixture->batch->columns[0]);
  assert_int_equal(integers(&fixture->batch->columns[0].children[1])[2], 3);
}

static void test_wrong_forms_are_refused(void **state) {
  struct fixture *fixture = *state;
  static const struct element list[] = {
      {"l", GROUP, EAGRE_PARQUET_REQUIRED, 1, EAGRE_PARQUET_CONVERTED_LIST},
      {"array", EAGRE_PARQUET_INT32, EAGRE_PARQUET_OPTIONAL, 0, NONE, 0}};
  static const struct element map[] = {
      {"m", GROUP, EAGRE_PARQUET_REQUIRED, 1, EAGRE_PARQUET_CONVERTED_MAP},
      {"map", EAGRE_PARQUET_INT32, EAGRE_PARQUET_REPEATED, 0, NONE, 0}};
  struct made_file file = make_file(list, 2, 3, (struct leaf){4, {make_list_page()}});
  assert_int_equal(open_file(fixture, &file), EAGRE_DATA);
  assert_string_equal(fixture->error.class_name, "PARQUET_TYPE_ILLEGAL");
  file.elements = map;
  assert_int_equal(open_file(fixture, &file), EAGRE_DATA);
  assert_string_equal(fixture->error.class_name, "PARQUET_TYPE_ILLEGAL");
}

/* ---- Pages ----------------------------------------------------------------------------------- */

static const char two_integers[] = {7, 0, 0, 0, 8, 0, 0, 0};

static void check_two_integers(struct fixture *fixture, const struct made_file *file) {
  assert_int_equal(read_file(fixture, file), EAGRE_OK);
  assert_int_equal(integers(&fixture->batch->columns[0])[0], 7);
  assert_int_equal(integers(&fixture->batch->columns[0])[1], 8);
  struct eagre_batch *next = eagre_batch_new();
  assert_int_equal(eagre_parquet_reader_read(fixture->reader, next, NULL, &fixture->error),
                   EAGRE_END);
  eagre_batch_free(next);
}

static void test_pages_of_other_types_are_passed_over(void **state) {
  struct page index = {.type = EAGRE_PARQUET_INDEX_PAGE, .body = EAGRE_TEXT("anything")};
  struct page empty = {.body = EAGRE_TEXT("")};
  struct page data = {.value_count = 2, .body = eagre_text_make(two_integers, 8)};
  struct made_file file = make_file(required_integer, 1, 2, (struct leaf){2, {index, empty, data}});
  check_two_integers(*state, &file);
}

static void test_v2_page_that_is_not_compressed(void **state) {
  struct page page = {.type = EAGRE_PARQUET_DATA_PAGE_V2,
                      .value_count = 2,
                      .body = eagre_text_make(two_integers, 8),
                      .is_plain = true};
  struct made_file file = make_file(required_integer, 1, 2, (struct leaf){2, {page}});
  file.codec = EAGRE_PARQUET_CODEC_SNAPPY;
  check_two_integers(*state, &file);
}

/* Two blocks in Hadoop's framing, or one bare block: both are called LZ4. */
static void check_lz4(struct fixture *fixture, bool is_framed) {
  struct eagre_compressor *compressor = eagre_compressor_new(EAGRE_CODEC_LZ4_RAW, 0);
  struct eagre_buffer body = {0};
  for (size_t half = 0; half < (is_framed ? 2 : 1); half++) {
    struct eagre_buffer block = {0};
    size_t size = is_framed ? 4 : 8;
    assert_int_equal(eagre_compress(compressor, eagre_text_make(two_integers + 4 * half, size),
                                    &block, &fixture->error),
                     EAGRE_OK);
    char sizes[8] = {0, 0, 0, (char)size, 0, 0, 0, (char)block.size};
    if (is_framed) eagre_buffer_append(&body, sizes, sizeof sizes);
    eagre_buffer_append_text(&body, eagre_buffer_text(&block));
    eagre_buffer_done(&block);
  }
  struct page page = {.value_count = 2, .body = eagre_buffer_text(&body), .uncompressed_size = 8};
  struct made_file file = make_file(required_integer, 1, 2, (struct leaf){2, {page}});
  file.codec = EAGRE_PARQUET_CODEC_LZ4_HADOOP;
  check_two_integers(fixture, &file);
  eagre_buffer_done(&body);
  eagre_compressor_free(compressor);
}

static void test_lz4_of_hadoop(void **state) {
  check_lz4(*state, true);
}

static void test_lz4_of_others(void **state) {
  check_lz4(*state, false);
}

static void test_texts_outlive_reader_and_pages(void **state) {
  struct fixture *fixture = *state;
  struct page first = {.value_count = 1, .body = BODY(2, 0, 0, 0, 'a', 'b')};
  struct page dictionary = {.type = EAGRE_PARQUET_DICTIONARY_PAGE,
                            .value_count = 2,
                            .body = BODY(1, 0, 0, 0, 'x', 1, 0, 0, 0, 'y')};
  struct page indexes = {
      .encoding = EAGRE_PARQUET_RLE_DICTIONARY, .value_count = 2, .body = BODY(1, 3, 0x01)};
  first.body.size = 6;
  dictionary.body.size = 10;
  indexes.body.size = 3;
  struct made_file file =
      make_file(required_text, 1, 3, (struct leaf){3, {dictionary, first, indexes}});
  assert_int_equal(read_file(fixture, &file), EAGRE_OK);
  eagre_parquet_reader_close(fixture->reader);
  fixture->reader = NULL;
  const struct eagre_text *texts = EAGRE_VALUES(struct eagre_text, &fixture->batch->columns[0]);
  assert_true(eagre_text_equal_string(texts[0], "ab"));
  assert_true(eagre_text_equal_string(texts[1], "y"));
  assert_true(eagre_text_equal_string(texts[2], "x"));
}

/* Two values of two bytes, in any encoding of fixed bytes. */
static void check_fixed_bytes(struct fixture *fixture, int encoding, struct eagre_text body) {
  static const struct element elements[] = {
      {"b", EAGRE_PARQUET_FIXED_LEN_BYTE_ARRAY, EAGRE_PARQUET_REQUIRED, 0, NONE, 2}};
  struct page page = {.encoding = encoding, .value_count = 2, .body = body};
  struct made_file file = make_file(elements, 1, 2, (struct leaf){2, {page}});
  assert_int_equal(read_file(fixture, &file), EAGRE_OK);
  eagre_parquet_reader_close(fixture->reader);
  fixture->reader = NULL;
  const struct eagre_text *texts = EAGRE_VALUES(struct eagre_text, &fixture->batch->columns[0]);
  assert_true(eagre_text_equal_string(texts[0], "ab"));
  assert_true(eagre_text_equal_string(texts[1], "ad"));
}

static void test_fixed_bytes_outlive_the_reader(void **state) {
  check_fixed_bytes(*state, EAGRE_PARQUET_PLAIN, EAGRE_TEXT("abad"));
}

static void test_streams_outlive_the_reader(void **state) {
  check_fixed_bytes(*state, EAGRE_PARQUET_BYTE_STREAM_SPLIT, EAGRE_TEXT("aabd"));
}

static void test_prefixes_outlive_the_reader(void **state) {
  /* Prefixes 0 1, lengths 2 1, "ab" and "d"; each a first value and one delta. */
  static const char body[] = "\x80\x01\x04\x02\x00\x02\0\0\0\0"
                             "\x80\x01\x04\x02\x04\x01\0\0\0\0"
                             "abd";
  check_fixed_bytes(*state, EAGRE_PARQUET_DELTA_BYTE_ARRAY, eagre_text_make(body, sizeof body - 1));
}

/* ---- Contradictions -------------------------------------------------------------------------- */

static void check_page_refused(struct fixture *fixture, const struct element *elements,
                               struct page page, int row_count, const char *reason) {
  struct made_file file = make_file(elements, 1, row_count, (struct leaf){row_count, {page}});
  check_refused(fixture, &file, reason);
}

static void test_values_cut_short(void **state) {
  struct page page = {.value_count = 2, .body = eagre_text_make(two_integers, 7)};
  check_page_refused(*state, required_integer, page, 2, "column n: a page has fewer values");
}

static void test_text_cut_short(void **state) {
  struct page page = {.value_count = 1, .body = BODY(3, 0, 0, 0, 'a', 'b')};
  page.body.size = 6;
  check_page_refused(*state, required_text, page, 1, "column s: texts are cut short");
}

static void test_too_few_pages(void **state) {
  struct page page = {.value_count = 2, .body = eagre_text_make(two_integers, 8)};
  check_page_refused(*state, required_integer, page, 3, "column n: ");
}

static void test_too_many_values(void **state) {
  struct page page = {.value_count = 2, .body = eagre_text_make(two_integers, 8)};
  check_page_refused(*state, required_integer, page, 1, "pages have too many values");
}

static void test_chunk_of_other_length(void **state) {
  struct page page = {.value_count = 2, .body = eagre_text_make(two_integers, 8)};
  struct made_file file = make_file(required_integer, 1, 3, (struct leaf){2, {page}});
  check_refused(*state, &file, "not as many values as its row group has rows");
}

static void test_checksum(void **state) {
  struct page page = {
      .value_count = 2, .body = eagre_text_make(two_integers, 8), .is_damaged = true};
  check_page_refused(*state, required_integer, page, 2, "checksum");
}

static void test_index_outside_the_dictionary(void **state) {
  struct page dictionary = {.type = EAGRE_PARQUET_DICTIONARY_PAGE,
                            .value_count = 2,
                            .body = eagre_text_make(two_integers, 8)};
  struct page indexes = {
      .encoding = EAGRE_PARQUET_PLAIN_DICTIONARY, .value_count = 2, .body = BODY(2, 3, 0x09)};
  indexes.body.size = 3;
  struct made_file file =
      make_file(required_integer, 1, 2, (struct leaf){2, {dictionary, indexes}});
  check_refused(*state, &file, "outside the dictionary");
}

static void test_no_dictionary(void **state) {
  struct page indexes = {
      .encoding = EAGRE_PARQUET_RLE_DICTIONARY, .value_count = 2, .body = BODY(1, 3, 1)};
  indexes.body.size = 3;
  check_page_refused(*state, required_integer, indexes, 2, "a page needs a dictionary");
}

static void test_two_dictionaries(void **state) {
  struct page dictionary = {.type = EAGRE_PARQUET_DICTIONARY_PAGE,
                            .value_count = 2,
                            .body = eagre_text_make(two_integers, 8)};
  struct page data = {.value_count = 2, .body = eagre_text_make(two_integers, 8)};
  struct made_file file =
      make_file(required_integer, 1, 2, (struct leaf){2, {dictionary, dictionary, data}});
  check_refused(*state, &file, "two dictionaries");
}

static void test_encoding_of_another_type(void **state) {
  struct page page = {.encoding = EAGRE_PARQUET_DELTA_BYTE_ARRAY,
                      .value_count = 2,
                      .body = eagre_text_make(two_integers, 8)};
  check_page_refused(*state, required_integer, page, 2, "encoding 7 of a page is not supported");
}

static const struct element list_elements[] = {
    {"l", EAGRE_PARQUET_INT32, EAGRE_PARQUET_REPEATED, 0, NONE, 0}};

static void test_list_that_goes_on_though_empty(void **state) {
  /* Repetition 0 1, definition 0 1: the second entry goes on with an empty list. */
  struct page page = {.value_count = 2,
                      .body = BODY(2, 0, 0, 0, 3, 2, 2, 0, 0, 0, 3, 2, 7, 0, 0, 0)};
  page.body.size = 16;
  struct made_file file = make_file(list_elements, 1, 1, (struct leaf){2, {page}});
  check_refused(*state, &file, "levels contradict each other");
}

static void test_chunk_that_begins_within_a_row(void **state) {
  struct page page = {.value_count = 1,
                      .body = BODY(2, 0, 0, 0, 2, 1, 2, 0, 0, 0, 2, 1, 7, 0, 0, 0)};
  page.body.size = 16;
  struct made_file file = make_file(list_elements, 1, 1, (struct leaf){1, {page}});
  check_refused(*state, &file, "levels contradict each other");
}

static void test_rows_of_lists_do_not_match(void **state) {
  struct made_file file = make_file(list_elements, 1, 4, (struct leaf){4, {make_list_page()}});
  check_refused(*state, &file, "too few rows");
}

static void test_leaves_that_disagree(void **state) {
  struct fixture *fixture = *state;
  static const struct element elements[] = {
      {"l", GROUP, EAGRE_PARQUET_REPEATED, 2, NONE},
      {"a", EAGRE_PARQUET_INT32, EAGRE_PARQUET_REQUIRED, 0, NONE, 0},
      {"b", EAGRE_PARQUET_INT32, EAGRE_PARQUET_REQUIRED, 0, NONE, 0}};
  /* `a` has rows of 2, 0 and 1 elements, `b` one of each. */
  struct page page = {
      .value_count = 3,
      .body = BODY(2, 0, 0, 0, 6, 0, 2, 0, 0, 0, 6, 1, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0)};
  page.body.size = 24;
  struct made_file file = make_file(elements, 3, 3, (struct leaf){4, {make_list_page()}});
  file.leaves[1] = (struct leaf){3, {page}};
  file.leaf_count = 2;
  /* As many elements in all, in other rows. */
  check_refused(*state, &file, "contradict those of another leaf");
  eagre_batch_free(fixture->batch);
  fixture->batch = NULL;
  eagre_parquet_reader_close(fixture->reader);
  fixture->reader = NULL;
  /* Fewer. */
  page.body = BODY(2, 0, 0, 0, 6, 0, 2, 0, 0, 0, 6, 0);
  page.body.size = 12;
  file.leaves[1] = (struct leaf){3, {page}};
  check_refused(*state, &file, "contradict those of another leaf");
}

static void test_row_group_without_a_column(void **state) {
  struct fixture *fixture = *state;
  struct made_file file = make_file(required_integer, 1, 2, (struct leaf){0});
  file.leaf_count = 0;
  assert_int_equal(open_file(fixture, &file), EAGRE_DATA);
  assert_string_equal(fixture->error.class_name, "FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER");
}

int run_reader_tests(void) {
#define READER_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      READER_TEST(test_bit_packed_levels),
      READER_TEST(test_list_without_annotation),
      READER_TEST(test_list_of_repeated_values),
      READER_TEST(test_list_of_groups_called_array),
      READER_TEST(test_list_of_tuples),
      READER_TEST(test_list_of_three_levels_under_another_name),
      READER_TEST(test_map_key_value),
      READER_TEST(test_wrong_forms_are_refused),
      READER_TEST(test_pages_of_other_types_are_passed_over),
      READER_TEST(test_v2_page_that_is_not_compressed),
      READER_TEST(test_lz4_of_hadoop),
      READER_TEST(test_lz4_of_others),
      READER_TEST(test_texts_outlive_reader_and_pages),
      READER_TEST(test_fixed_bytes_outlive_the_reader),
      READER_TEST(test_streams_outlive_the_reader),
      READER_TEST(test_prefixes_outlive_the_reader),
      READER_TEST(test_values_cut_short),
      READER_TEST(test_text_cut_short),
      READER_TEST(test_too_few_pages),
      READER_TEST(test_too_many_values),
      READER_TEST(test_chunk_of_other_length),
      READER_TEST(test_checksum),
      READER_TEST(test_index_outside_the_dictionary),
      READER_TEST(test_no_dictionary),
      READER_TEST(test_two_dictionaries),
      READER_TEST(test_encoding_of_another_type),
      READER_TEST(test_list_that_goes_on_though_empty),
      READER_TEST(test_chunk_that_begins_within_a_row),
      READER_TEST(test_rows_of_lists_do_not_match),
      READER_TEST(test_leaves_that_disagree),
      READER_TEST(test_row_group_without_a_column),
  };
  return cmocka_run_group_tests_name("parquet reader", tests, NULL, NULL);
}
