/* The end of a file. Indexes are made when their row group is written, when the pages' places are
 * known; the footer's references to them when the file ends, when their own are. */
#include "parquet/parquet_footer.h"

#include <endian.h>

#include <eagre_config.h>

#include "parquet/parquet_build.h"

/* CompressionCodec of the format. */
static const int32_t codec_numbers[EAGRE_CODEC_count] = {
    [EAGRE_CODEC_NONE] = 0,    [EAGRE_CODEC_SNAPPY] = 1, [EAGRE_CODEC_GZIP] = 2,
    [EAGRE_CODEC_LZ4_RAW] = 7, [EAGRE_CODEC_ZSTD] = 6,
};

/* The shape parquet-java parses to know which writers' statistics to trust. */
static const char created_by[] = "eagre version " EAGRE_VERSION " (build " EAGRE_BUILD ")";

void eagre_parquet_footer_done(struct eagre_parquet_footer *footer) {
  for (uint32_t i = 0; i < footer->summary_count; i++) {
    eagre_buffer_done(&footer->summaries[i].minimum);
    eagre_buffer_done(&footer->summaries[i].maximum);
  }
  eagre_free(footer->summaries);
  eagre_free(footer->group_row_counts);
  eagre_buffer_done(&footer->column_indexes);
  eagre_buffer_done(&footer->offset_indexes);
  *footer = (struct eagre_parquet_footer){0};
}

/* ---- Indexes -------------------------------------------------------------------------------- */

static struct eagre_text minimum_of(const struct eagre_parquet_chunk *chunk,
                                    const struct eagre_parquet_page_entry *entry) {
  if (!entry->has_values) return EAGRE_TEXT("");
  return eagre_text_make(chunk->bounds.data + entry->bounds_offset, entry->minimum_size);
}

static struct eagre_text maximum_of(const struct eagre_parquet_chunk *chunk,
                                    const struct eagre_parquet_page_entry *entry) {
  if (!entry->has_values) return EAGRE_TEXT("");
  return eagre_text_make(chunk->bounds.data + entry->bounds_offset + entry->minimum_size,
                         entry->maximum_size);
}

/* Pages without values do not count. */
static enum eagre_parquet_boundary_order find_order(const struct eagre_parquet_chunk *chunk) {
  bool is_ascending = true;
  bool is_descending = true;
  const struct eagre_parquet_page_entry *previous = NULL;
  for (uint32_t i = 0; i < chunk->entry_count; i++) {
    const struct eagre_parquet_page_entry *entry = &chunk->entries[i];
    if (!entry->has_values) continue;
    if (previous != NULL) {
      enum eagre_parquet_type physical = chunk->leaf->physical;
      int minimums = eagre_parquet_bound_compare(physical, minimum_of(chunk, previous),
                                                 minimum_of(chunk, entry));
      int maximums = eagre_parquet_bound_compare(physical, maximum_of(chunk, previous),
                                                 maximum_of(chunk, entry));
      is_ascending &= minimums <= 0 && maximums <= 0;
      is_descending &= minimums >= 0 && maximums >= 0;
    }
    previous = entry;
  }
  if (is_ascending) return EAGRE_PARQUET_ASCENDING;
  return is_descending ? EAGRE_PARQUET_DESCENDING : EAGRE_PARQUET_UNORDERED;
}

static struct eagre_parquet_place append_column_index(struct eagre_buffer *out,
                                                      const struct eagre_parquet_chunk *chunk) {
  if (chunk->has_unbounded_page) return (struct eagre_parquet_place){0};
  size_t begin = out->size;
  uint32_t count = chunk->entry_count;
  const struct eagre_parquet_page_entry *entries = chunk->entries;
  struct eagre_parquet_thrift thrift;
  eagre_parquet_thrift_begin(&thrift, out);
  eagre_parquet_thrift_put_list(&thrift, 1, EAGRE_PARQUET_THRIFT_TRUE, count);
  for (uint32_t i = 0; i < count; i++) {
    eagre_parquet_thrift_add_bool(&thrift, !entries[i].has_values);
  }
  eagre_parquet_thrift_put_list(&thrift, 2, EAGRE_PARQUET_THRIFT_BINARY, count);
  for (uint32_t i = 0; i < count; i++) {
    eagre_parquet_thrift_add_binary(&thrift, minimum_of(chunk, &entries[i]));
  }
  eagre_parquet_thrift_put_list(&thrift, 3, EAGRE_PARQUET_THRIFT_BINARY, count);
  for (uint32_t i = 0; i < count; i++) {
    eagre_parquet_thrift_add_binary(&thrift, maximum_of(chunk, &entries[i]));
  }
  eagre_parquet_thrift_put_i32(&thrift, 4, find_order(chunk));
  eagre_parquet_thrift_put_list(&thrift, 5, EAGRE_PARQUET_THRIFT_I64, count);
  for (uint32_t i = 0; i < count; i++) {
    eagre_parquet_thrift_add_i64(&thrift, (int64_t)entries[i].null_count);
  }
  eagre_parquet_thrift_end(&thrift);
  return (struct eagre_parquet_place){begin, (uint32_t)(out->size - begin)};
}

/* `offset` is where the data pages begin in the file. */
static struct eagre_parquet_place append_offset_index(struct eagre_buffer *out,
                                                      const struct eagre_parquet_chunk *chunk,
                                                      uint64_t offset) {
  size_t begin = out->size;
  struct eagre_parquet_thrift thrift;
  eagre_parquet_thrift_begin(&thrift, out);
  eagre_parquet_thrift_put_list(&thrift, 1, EAGRE_PARQUET_THRIFT_STRUCT, chunk->entry_count);
  for (uint32_t i = 0; i < chunk->entry_count; i++) {
    const struct eagre_parquet_page_entry *entry = &chunk->entries[i];
    eagre_parquet_thrift_add_struct(&thrift);
    eagre_parquet_thrift_put_i64(&thrift, 1, (int64_t)(offset + entry->offset));
    eagre_parquet_thrift_put_i32(&thrift, 2, (int32_t)entry->size);
    eagre_parquet_thrift_put_i64(&thrift, 3, (int64_t)entry->first_row);
    eagre_parquet_thrift_end(&thrift);
  }
  eagre_parquet_thrift_end(&thrift);
  return (struct eagre_parquet_place){begin, (uint32_t)(out->size - begin)};
}

/* ---- Row groups and chunks ------------------------------------------------------------------ */

void eagre_parquet_footer_add_group(struct eagre_parquet_footer *footer, uint64_t row_count) {
  if (footer->group_count == footer->group_capacity) {
    footer->group_capacity = footer->group_capacity == 0 ? 4 : 2 * footer->group_capacity;
    footer->group_row_counts = eagre_reallocate(
        footer->group_row_counts, footer->group_capacity * sizeof *footer->group_row_counts);
  }
  footer->group_row_counts[footer->group_count++] = row_count;
}

static struct eagre_parquet_summary *add_summary(struct eagre_parquet_footer *footer) {
  if (footer->summary_count == footer->summary_capacity) {
    footer->summary_capacity = footer->summary_capacity == 0 ? 16 : 2 * footer->summary_capacity;
    footer->summaries =
        eagre_reallocate(footer->summaries, footer->summary_capacity * sizeof *footer->summaries);
  }
  struct eagre_parquet_summary *summary = &footer->summaries[footer->summary_count++];
  *summary = (struct eagre_parquet_summary){0};
  return summary;
}

static void note_bounds(struct eagre_parquet_summary *summary,
                        const struct eagre_parquet_chunk *chunk) {
  if (!eagre_parquet_range_exists(&chunk->range)) return;
  bool is_utf8 = chunk->leaf->type->kind == EAGRE_TYPE_STRING;
  summary->minimum_result =
      eagre_parquet_range_append(&chunk->range, EAGRE_PARQUET_MINIMUM, is_utf8, &summary->minimum);
  summary->maximum_result =
      eagre_parquet_range_append(&chunk->range, EAGRE_PARQUET_MAXIMUM, is_utf8, &summary->maximum);
}

void eagre_parquet_footer_add_chunk(struct eagre_parquet_footer *footer,
                                    const struct eagre_parquet_chunk *chunk, uint64_t offset) {
  struct eagre_parquet_summary *summary = add_summary(footer);
  uint64_t dictionary_size = chunk->dictionary_page.size;
  summary->leaf = chunk->leaf;
  summary->codec = chunk->codec;
  summary->level_count = chunk->level_count;
  summary->null_count = chunk->level_count - chunk->value_count;
  summary->uncompressed_size = chunk->uncompressed_size;
  summary->compressed_size = dictionary_size + chunk->pages_size;
  summary->dictionary_offset = dictionary_size > 0 ? offset : 0;
  summary->data_offset = offset + dictionary_size;
  summary->dictionary_page_count = chunk->dictionary_page_count;
  summary->plain_page_count = chunk->entry_count - chunk->dictionary_page_count;
  note_bounds(summary, chunk);
  summary->column_index = append_column_index(&footer->column_indexes, chunk);
  summary->offset_index = append_offset_index(&footer->offset_indexes, chunk, summary->data_offset);
}

/* ---- FileMetaData --------------------------------------------------------------------------- */

static void put_statistics(struct eagre_parquet_thrift *thrift,
                           const struct eagre_parquet_summary *summary) {
  bool has_minimum = summary->minimum_result != EAGRE_PARQUET_BOUND_NONE;
  bool has_maximum = summary->maximum_result != EAGRE_PARQUET_BOUND_NONE;
  eagre_parquet_thrift_put_struct(thrift, 12);
  eagre_parquet_thrift_put_i64(thrift, 3, (int64_t)summary->null_count);
  if (has_maximum) {
    eagre_parquet_thrift_put_binary(thrift, 5, eagre_buffer_text(&summary->maximum));
  }
  if (has_minimum) {
    eagre_parquet_thrift_put_binary(thrift, 6, eagre_buffer_text(&summary->minimum));
  }
  if (has_maximum) {
    eagre_parquet_thrift_put_bool(thrift, 7, summary->maximum_result == EAGRE_PARQUET_BOUND_EXACT);
  }
  if (has_minimum) {
    eagre_parquet_thrift_put_bool(thrift, 8, summary->minimum_result == EAGRE_PARQUET_BOUND_EXACT);
  }
  eagre_parquet_thrift_end(thrift);
}

static void add_encoding_statistics(struct eagre_parquet_thrift *thrift,
                                    enum eagre_parquet_page_type type,
                                    enum eagre_parquet_encoding encoding, uint32_t count) {
  if (count == 0) return;
  eagre_parquet_thrift_add_struct(thrift);
  eagre_parquet_thrift_put_i32(thrift, 1, type);
  eagre_parquet_thrift_put_i32(thrift, 2, encoding);
  eagre_parquet_thrift_put_i32(thrift, 3, (int32_t)count);
  eagre_parquet_thrift_end(thrift);
}

/* Readers that filter by dictionary must know whether every page uses it. */
static void put_encoding_statistics(struct eagre_parquet_thrift *thrift,
                                    const struct eagre_parquet_summary *summary) {
  uint32_t dictionary_count = summary->dictionary_offset > 0 ? 1 : 0;
  uint32_t count = dictionary_count + (summary->dictionary_page_count > 0 ? 1 : 0) +
                   (summary->plain_page_count > 0 ? 1 : 0);
  eagre_parquet_thrift_put_list(thrift, 13, EAGRE_PARQUET_THRIFT_STRUCT, count);
  add_encoding_statistics(thrift, EAGRE_PARQUET_DICTIONARY_PAGE, EAGRE_PARQUET_PLAIN,
                          dictionary_count);
  add_encoding_statistics(thrift, EAGRE_PARQUET_DATA_PAGE, EAGRE_PARQUET_RLE_DICTIONARY,
                          summary->dictionary_page_count);
  add_encoding_statistics(thrift, EAGRE_PARQUET_DATA_PAGE, EAGRE_PARQUET_PLAIN,
                          summary->plain_page_count);
}

static void put_encodings(struct eagre_parquet_thrift *thrift,
                          const struct eagre_parquet_summary *summary) {
  bool has_dictionary = summary->dictionary_offset > 0;
  eagre_parquet_thrift_put_list(thrift, 2, EAGRE_PARQUET_THRIFT_I32, has_dictionary ? 3 : 2);
  eagre_parquet_thrift_add_i32(thrift, EAGRE_PARQUET_PLAIN);
  eagre_parquet_thrift_add_i32(thrift, EAGRE_PARQUET_RLE);
  if (has_dictionary) eagre_parquet_thrift_add_i32(thrift, EAGRE_PARQUET_RLE_DICTIONARY);
}

static void put_column_metadata(struct eagre_parquet_thrift *thrift,
                                const struct eagre_parquet_summary *summary) {
  const struct eagre_parquet_leaf *leaf = summary->leaf;
  eagre_parquet_thrift_put_struct(thrift, 3);
  eagre_parquet_thrift_put_i32(thrift, 1, leaf->physical);
  put_encodings(thrift, summary);
  eagre_parquet_thrift_put_list(thrift, 3, EAGRE_PARQUET_THRIFT_BINARY, leaf->path_count);
  for (uint32_t i = 0; i < leaf->path_count; i++) {
    eagre_parquet_thrift_add_binary(thrift, leaf->path[i]);
  }
  eagre_parquet_thrift_put_i32(thrift, 4, codec_numbers[summary->codec]);
  eagre_parquet_thrift_put_i64(thrift, 5, (int64_t)summary->level_count);
  eagre_parquet_thrift_put_i64(thrift, 6, (int64_t)summary->uncompressed_size);
  eagre_parquet_thrift_put_i64(thrift, 7, (int64_t)summary->compressed_size);
  eagre_parquet_thrift_put_i64(thrift, 9, (int64_t)summary->data_offset);
  /* Absent without a dictionary: some readers stumble over a zero. */
  if (summary->dictionary_offset > 0) {
    eagre_parquet_thrift_put_i64(thrift, 11, (int64_t)summary->dictionary_offset);
  }
  put_statistics(thrift, summary);
  put_encoding_statistics(thrift, summary);
  eagre_parquet_thrift_end(thrift);
}

static void add_column_chunk(struct eagre_parquet_thrift *thrift,
                             const struct eagre_parquet_summary *summary,
                             uint64_t column_indexes_offset, uint64_t offset_indexes_offset) {
  eagre_parquet_thrift_add_struct(thrift);
  eagre_parquet_thrift_put_i64(thrift, 2, 0); /* file_offset: required, and obsolete */
  put_column_metadata(thrift, summary);
  eagre_parquet_thrift_put_i64(thrift, 4,
                               (int64_t)(offset_indexes_offset + summary->offset_index.offset));
  eagre_parquet_thrift_put_i32(thrift, 5, (int32_t)summary->offset_index.size);
  if (summary->column_index.size > 0) {
    eagre_parquet_thrift_put_i64(thrift, 6,
                                 (int64_t)(column_indexes_offset + summary->column_index.offset));
    eagre_parquet_thrift_put_i32(thrift, 7, (int32_t)summary->column_index.size);
  }
  eagre_parquet_thrift_end(thrift);
}

static void add_row_group(struct eagre_parquet_thrift *thrift,
                          const struct eagre_parquet_footer *footer, uint32_t group,
                          uint32_t leaf_count, uint64_t column_indexes_offset) {
  const struct eagre_parquet_summary *summaries = &footer->summaries[group * leaf_count];
  uint64_t offset_indexes_offset = column_indexes_offset + footer->column_indexes.size;
  uint64_t uncompressed_size = 0;
  uint64_t compressed_size = 0;
  eagre_parquet_thrift_add_struct(thrift);
  eagre_parquet_thrift_put_list(thrift, 1, EAGRE_PARQUET_THRIFT_STRUCT, leaf_count);
  for (uint32_t i = 0; i < leaf_count; i++) {
    add_column_chunk(thrift, &summaries[i], column_indexes_offset, offset_indexes_offset);
    uncompressed_size += summaries[i].uncompressed_size;
    compressed_size += summaries[i].compressed_size;
  }
  uint64_t file_offset = summaries[0].dictionary_offset > 0 ? summaries[0].dictionary_offset
                                                            : summaries[0].data_offset;
  eagre_parquet_thrift_put_i64(thrift, 2, (int64_t)uncompressed_size);
  eagre_parquet_thrift_put_i64(thrift, 3, (int64_t)footer->group_row_counts[group]);
  eagre_parquet_thrift_put_i64(thrift, 5, (int64_t)file_offset);
  eagre_parquet_thrift_put_i64(thrift, 6, (int64_t)compressed_size);
  if (group <= INT16_MAX) eagre_parquet_thrift_put_i16(thrift, 7, (int16_t)group);
  eagre_parquet_thrift_end(thrift);
}

/* Without an order per leaf, readers ignore minimum and maximum. */
static void put_column_orders(struct eagre_parquet_thrift *thrift, uint32_t leaf_count) {
  eagre_parquet_thrift_put_list(thrift, 7, EAGRE_PARQUET_THRIFT_STRUCT, leaf_count);
  for (uint32_t i = 0; i < leaf_count; i++) {
    eagre_parquet_thrift_add_struct(thrift);
    eagre_parquet_thrift_put_struct(thrift, 1); /* TypeDefinedOrder */
    eagre_parquet_thrift_end(thrift);
    eagre_parquet_thrift_end(thrift);
  }
}

static uint64_t count_rows(const struct eagre_parquet_footer *footer) {
  uint64_t count = 0;
  for (uint32_t i = 0; i < footer->group_count; i++) {
    count += footer->group_row_counts[i];
  }
  return count;
}

void eagre_parquet_footer_append(const struct eagre_parquet_footer *footer,
                                 const struct eagre_parquet_schema *schema, uint64_t offset,
                                 struct eagre_buffer *out) {
  eagre_assert(footer->summary_count == footer->group_count * schema->leaf_count);
  eagre_buffer_append_text(out, eagre_buffer_text(&footer->column_indexes));
  eagre_buffer_append_text(out, eagre_buffer_text(&footer->offset_indexes));
  size_t begin = out->size;
  struct eagre_parquet_thrift thrift;
  eagre_parquet_thrift_begin(&thrift, out);
  eagre_parquet_thrift_put_i32(&thrift, 1, 1); /* version: readers ignore it */
  eagre_parquet_schema_put(schema, &thrift, 2);
  eagre_parquet_thrift_put_i64(&thrift, 3, (int64_t)count_rows(footer));
  eagre_parquet_thrift_put_list(&thrift, 4, EAGRE_PARQUET_THRIFT_STRUCT, footer->group_count);
  for (uint32_t i = 0; i < footer->group_count; i++) {
    add_row_group(&thrift, footer, i, schema->leaf_count, offset);
  }
  eagre_parquet_thrift_put_binary(&thrift, 6, EAGRE_TEXT(created_by));
  put_column_orders(&thrift, schema->leaf_count);
  eagre_parquet_thrift_end(&thrift);
  uint32_t size = htole32((uint32_t)(out->size - begin));
  eagre_buffer_append(out, &size, sizeof size);
  eagre_buffer_append_string(out, "PAR1");
}
