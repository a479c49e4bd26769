/* The tier over RocksDB's C interface. */
#include "state/state_tier.h"

#include <rocksdb/c.h>
#include <string.h>

enum {
  CACHE_SIZE_MIN = 8 << 20,
  BLOCK_SIZE = 4096,    /* what one group costs to find */
  PART_SIZE = 32 << 10, /* of indexes and filters: keys that are looked for together share it */
  LOG_WARNINGS = 2,     /* and worse, in RocksDB's own file */
  WRITE_BUFFER_SIZE = 65536, /* for range deletions alone */
  READAHEAD_SIZE = 1 << 20,  /* of walks and compactions */
  FILTER_BITS = 10,          /* per key: 1 % of those that are not there are looked for */
  LEVEL_SIZE_MIN = 256 << 20,
};

struct eagre_state_tier {
  char *directory;
  char *run_path;
  struct eagre_io *io;
  uint64_t size_max;
  uint64_t cache_size;
  uint32_t table_count;
  rocksdb_t *database;                    /* NULL: nothing has come yet */
  rocksdb_column_family_handle_t *family; /* its one column family */
  rocksdb_cache_t *cache;
  rocksdb_options_t *options;
  rocksdb_writeoptions_t *write_options;
  rocksdb_readoptions_t *read_options;
  rocksdb_envoptions_t *run_options;
  rocksdb_ingestexternalfileoptions_t *ingest_options;
  rocksdb_sstfilewriter_t *run; /* the one being written */
  uint64_t run_count;           /* pairs in it */
  rocksdb_pinnableslice_t *found[EAGRE_STATE_TIER_KEYS_MAX];
  uint32_t found_count;
};

struct eagre_state_tier_walk {
  struct eagre_state_tier *tier;
  rocksdb_readoptions_t *options;
  rocksdb_iterator_t *iterator; /* at the pair after the one given last */
  struct eagre_buffer to;
  bool has_begun;
};

/* ---- Failures -------------------------------------------------------------------------------- */

/* Takes RocksDB's message; NULL: it went well. */
static enum eagre_status check_of(const char *directory, char *message, struct eagre_error *error) {
  if (message == NULL) return EAGRE_OK;
  eagre_error_set(error, EAGRE_IO, "STATE_TIER_FAILED",
                  "The database %s, which holds state beyond eagre.state.memoryLimit, failed: %s",
                  directory, message);
  eagre_error_hint(error, "see that its disk can be written and has room; nothing is lost: a new "
                          "start continues from the checkpoint");
  rocksdb_free(message);
  return EAGRE_IO;
}

static enum eagre_status check(const struct eagre_state_tier *tier, char *message,
                               struct eagre_error *error) {
  return check_of(tier->directory, message, error);
}

/* ---- Settings -------------------------------------------------------------------------------- */

/* Indexes and filters stand in parts that come and go with the cache, which is all their memory. */
static void set_table_format(struct eagre_state_tier *tier) {
  rocksdb_block_based_table_options_t *format = rocksdb_block_based_options_create();
  tier->cache = rocksdb_cache_create_lru_with_strict_capacity_limit(tier->cache_size);
  rocksdb_block_based_options_set_block_cache(format, tier->cache);
  rocksdb_block_based_options_set_block_size(format, BLOCK_SIZE);
  rocksdb_block_based_options_set_metadata_block_size(format, PART_SIZE);
  rocksdb_block_based_options_set_format_version(format, 5);
  rocksdb_block_based_options_set_filter_policy(
      format, rocksdb_filterpolicy_create_bloom_full(FILTER_BITS));
  rocksdb_block_based_options_set_index_type(
      format, rocksdb_block_based_table_index_type_two_level_index_search);
  rocksdb_block_based_options_set_partition_filters(format, 1);
  rocksdb_block_based_options_set_cache_index_and_filter_blocks(format, 1);
  rocksdb_block_based_options_set_cache_index_and_filter_blocks_with_high_priority(format, 1);
  rocksdb_options_set_block_based_table_factory(tier->options, format);
  rocksdb_block_based_options_destroy(format);
}

/* Of the first level behind the runs. Runs grow with the memory that tables may take: were it the
 * same for all, ten times the memory would be on one level here and on two there, and every level
 * is looked through for a group and written once more. */
static uint64_t find_level_size(const struct eagre_state_tier *tier) {
  uint64_t size = tier->size_max / 2 * 5;
  return size < LEVEL_SIZE_MIN ? LEVEL_SIZE_MIN : size;
}

static void make_options(struct eagre_state_tier *tier) {
  tier->options = rocksdb_options_create();
  rocksdb_options_set_create_if_missing(tier->options, 1);
  rocksdb_options_set_compression(tier->options, rocksdb_lz4_compression);
  rocksdb_options_set_write_buffer_size(tier->options, WRITE_BUFFER_SIZE);
  rocksdb_options_set_max_bytes_for_level_base(tier->options, find_level_size(tier));
  rocksdb_options_compaction_readahead_size(tier->options, READAHEAD_SIZE);
  rocksdb_options_set_info_log_level(tier->options, LOG_WARNINGS);
  rocksdb_options_set_keep_log_file_num(tier->options, 1);
  rocksdb_options_set_stats_dump_period_sec(tier->options, 0);
  set_table_format(tier);
  tier->write_options = rocksdb_writeoptions_create();
  rocksdb_writeoptions_disable_WAL(tier->write_options, 1);
  tier->read_options = rocksdb_readoptions_create();
  tier->run_options = rocksdb_envoptions_create();
  tier->ingest_options = rocksdb_ingestexternalfileoptions_create();
  rocksdb_ingestexternalfileoptions_set_move_files(tier->ingest_options, 1);
}

static void free_options(struct eagre_state_tier *tier) {
  rocksdb_ingestexternalfileoptions_destroy(tier->ingest_options);
  rocksdb_envoptions_destroy(tier->run_options);
  rocksdb_readoptions_destroy(tier->read_options);
  rocksdb_writeoptions_destroy(tier->write_options);
  rocksdb_options_destroy(tier->options);
  rocksdb_cache_destroy(tier->cache);
}

/* ---- Life ------------------------------------------------------------------------------------ */

static char *copy_path(const char *path, const char *ending) {
  size_t path_size = strlen(path);
  size_t ending_size = strlen(ending) + 1;
  char *copy = eagre_allocate(path_size + ending_size);
  memcpy(copy, path, path_size);
  memcpy(copy + path_size, ending, ending_size);
  return copy;
}

struct eagre_state_tier *eagre_state_tier_new(const struct eagre_state_tier_options *options) {
  eagre_assert(options->size_max >= EAGRE_STATE_TIER_SIZE_MIN);
  struct eagre_state_tier *tier = eagre_allocate_zeroed(1, sizeof *tier);
  tier->directory = copy_path(options->directory, "");
  tier->run_path = copy_path(options->directory, ".run");
  tier->io = options->io;
  tier->size_max = options->size_max;
  tier->cache_size = options->size_max / 4;
  if (tier->cache_size < CACHE_SIZE_MIN) tier->cache_size = CACHE_SIZE_MIN;
  return tier;
}

/* Removes what there is on disk of it. */
static enum eagre_status remove_files(struct eagre_state_tier *tier, struct eagre_error *error) {
  const char *paths[] = {tier->run_path};
  EAGRE_TRY(eagre_io_remove_files(tier->io, paths, 1, error));
  char *message = NULL;
  rocksdb_destroy_db(tier->options, tier->directory, &message);
  return check(tier, message, error);
}

static enum eagre_status open_database(struct eagre_state_tier *tier, struct eagre_error *error) {
  if (tier->database != NULL) return EAGRE_OK;
  if (tier->options == NULL) make_options(tier);
  EAGRE_TRY(eagre_io_make_directories(tier->io, tier->directory, error));
  EAGRE_TRY(remove_files(tier, error));
  char *message = NULL;
  const char *name = "default";
  const rocksdb_options_t *options = tier->options;
  tier->database = rocksdb_open_column_families(tier->options, tier->directory, 1, &name, &options,
                                                &tier->family, &message);
  return check(tier, message, error);
}

static void release_found(struct eagre_state_tier *tier) {
  for (uint32_t i = 0; i < tier->found_count; i++) {
    if (tier->found[i] != NULL) rocksdb_pinnableslice_destroy(tier->found[i]);
  }
  tier->found_count = 0;
}

static enum eagre_status clean_entry(struct eagre_io *io, const struct eagre_io_entry *entry,
                                     const char *path, const rocksdb_options_t *options,
                                     struct eagre_error *error) {
  if (!entry->is_directory) return eagre_io_remove_files(io, &path, 1, error);
  char *message = NULL;
  rocksdb_destroy_db(options, path, &message);
  return check_of(path, message, error);
}

enum eagre_status eagre_state_tier_clean(struct eagre_io *io, const char *directory,
                                         struct eagre_error *error) {
  struct eagre_arena arena = {0};
  struct eagre_io_entry *entries = NULL;
  uint32_t count = 0;
  enum eagre_status status = eagre_io_list(io, directory, &arena, &entries, &count, error);
  rocksdb_options_t *options = count > 0 ? rocksdb_options_create() : NULL;
  for (uint32_t i = 0; i < count && status == EAGRE_OK; i++) {
    const char *path = eagre_arena_printf(&arena, "%s/%s", directory, entries[i].name).data;
    status = clean_entry(io, &entries[i], path, options, error);
  }
  if (options != NULL) rocksdb_options_destroy(options);
  eagre_arena_done(&arena);
  return status == EAGRE_END ? EAGRE_OK : status;
}

/* Scratch that cannot be removed is no failure of the flow: the next database takes its place. */
void eagre_state_tier_free(struct eagre_state_tier *tier) {
  if (tier == NULL) return;
  release_found(tier);
  if (tier->run != NULL) rocksdb_sstfilewriter_destroy(tier->run);
  if (tier->family != NULL) rocksdb_column_family_handle_destroy(tier->family);
  if (tier->database != NULL) rocksdb_close(tier->database);
  if (tier->options != NULL) {
    struct eagre_error error;
    eagre_error_init(&error);
    if (remove_files(tier, &error) != EAGRE_OK) eagre_log(EAGRE_LOG_WARNING, "%s", error.text);
    free_options(tier);
  }
  eagre_free(tier->directory);
  eagre_free(tier->run_path);
  eagre_free(tier);
}

uint64_t eagre_state_tier_kept_size(const struct eagre_state_tier *tier) {
  return tier->cache_size / 8;
}

uint64_t eagre_state_tier_table_size(const struct eagre_state_tier *tier) {
  uint64_t others = tier->cache_size + eagre_state_tier_kept_size(tier) + EAGRE_STATE_TIER_BUFFERS;
  return (tier->size_max - others) / 2;
}

uint32_t eagre_state_tier_add_table(struct eagre_state_tier *tier) {
  return tier->table_count++;
}

uint64_t eagre_state_tier_memory(const struct eagre_state_tier *tier) {
  if (tier == NULL || tier->database == NULL) return 0;
  uint64_t memtable_size = 0;
  uint64_t reader_size = 0;
  int failed =
      rocksdb_property_int(tier->database, "rocksdb.cur-size-all-mem-tables", &memtable_size) |
      rocksdb_property_int(tier->database, "rocksdb.estimate-table-readers-mem", &reader_size);
  eagre_assert(failed == 0);
  return rocksdb_cache_get_usage(tier->cache) + memtable_size + reader_size +
         EAGRE_STATE_TIER_BUFFERS;
}

/* ---- Writing --------------------------------------------------------------------------------- */

enum eagre_status eagre_state_tier_begin_run(struct eagre_state_tier *tier,
                                             struct eagre_error *error) {
  eagre_assert(tier->run == NULL);
  EAGRE_TRY(open_database(tier, error));
  char *message = NULL;
  tier->run = rocksdb_sstfilewriter_create(tier->run_options, tier->options);
  tier->run_count = 0;
  rocksdb_sstfilewriter_open(tier->run, tier->run_path, &message);
  return check(tier, message, error);
}

enum eagre_status eagre_state_tier_put(struct eagre_state_tier *tier, struct eagre_text key,
                                       struct eagre_text value, struct eagre_error *error) {
  char *message = NULL;
  rocksdb_sstfilewriter_put(tier->run, key.data, key.size, value.data, value.size, &message);
  tier->run_count++;
  return __builtin_expect(message == NULL, 1) ? EAGRE_OK : check(tier, message, error);
}

static enum eagre_status ingest_run(struct eagre_state_tier *tier, struct eagre_error *error) {
  char *message = NULL;
  const char *paths[] = {tier->run_path};
  rocksdb_sstfilewriter_finish(tier->run, &message);
  EAGRE_TRY(check(tier, message, error));
  rocksdb_ingest_external_file(tier->database, paths, 1, tier->ingest_options, &message);
  return check(tier, message, error);
}

enum eagre_status eagre_state_tier_end_run(struct eagre_state_tier *tier,
                                           struct eagre_error *error) {
  enum eagre_status status = tier->run_count == 0 ? EAGRE_OK : ingest_run(tier, error);
  rocksdb_sstfilewriter_destroy(tier->run);
  tier->run = NULL;
  return status;
}

enum eagre_status eagre_state_tier_delete(struct eagre_state_tier *tier, struct eagre_text from,
                                          struct eagre_text to, struct eagre_error *error) {
  if (tier->database == NULL) return EAGRE_OK;
  char *message = NULL;
  rocksdb_delete_range_cf(tier->database, tier->write_options, tier->family, from.data, from.size,
                          to.data, to.size, &message);
  EAGRE_TRY(check(tier, message, error));
  /* Files that hold nothing else go at once. */
  rocksdb_delete_file_in_range(tier->database, from.data, from.size, to.data, to.size, &message);
  return check(tier, message, error);
}

/* ---- Reading --------------------------------------------------------------------------------- */

static void find_values(struct eagre_state_tier *tier, const struct eagre_text *keys,
                        uint32_t count, char **messages) {
  const char *data[EAGRE_STATE_TIER_KEYS_MAX];
  size_t sizes[EAGRE_STATE_TIER_KEYS_MAX];
  for (uint32_t i = 0; i < count; i++) {
    data[i] = keys[i].data;
    sizes[i] = keys[i].size;
  }
  rocksdb_batched_multi_get_cf(tier->database, tier->read_options, tier->family, count, data, sizes,
                               tier->found, messages, true);
  tier->found_count = count;
}

enum eagre_status eagre_state_tier_get(struct eagre_state_tier *tier, const struct eagre_text *keys,
                                       uint32_t count, struct eagre_text *out_values,
                                       struct eagre_error *error) {
  eagre_assert(tier->database != NULL && count <= EAGRE_STATE_TIER_KEYS_MAX);
  char *messages[EAGRE_STATE_TIER_KEYS_MAX] = {NULL};
  release_found(tier);
  find_values(tier, keys, count, messages);
  enum eagre_status status = EAGRE_OK;
  for (uint32_t i = 0; i < count; i++) {
    out_values[i] = (struct eagre_text){0};
    if (status == EAGRE_OK) {
      status = check(tier, messages[i], error);
    } else {
      rocksdb_free(messages[i]);
    }
    if (tier->found[i] == NULL) continue;
    size_t size = 0;
    const char *value = rocksdb_pinnableslice_value(tier->found[i], &size);
    out_values[i] = eagre_text_make(value, size);
  }
  return status;
}

struct eagre_state_tier_walk *eagre_state_tier_walk_open(struct eagre_state_tier *tier,
                                                         struct eagre_text from,
                                                         struct eagre_text to) {
  eagre_assert(tier->database != NULL);
  struct eagre_state_tier_walk *walk = eagre_allocate_zeroed(1, sizeof *walk);
  walk->tier = tier;
  walk->options = rocksdb_readoptions_create();
  eagre_buffer_append(&walk->to, to.data, to.size);
  rocksdb_readoptions_set_iterate_upper_bound(walk->options, walk->to.data, walk->to.size);
  rocksdb_readoptions_set_fill_cache(walk->options, 0);
  walk->iterator = rocksdb_create_iterator(tier->database, walk->options);
  rocksdb_iter_seek(walk->iterator, from.data, from.size);
  return walk;
}

bool eagre_state_tier_walk_next(struct eagre_state_tier_walk *walk, struct eagre_text *out_key,
                                struct eagre_text *out_value) {
  if (walk->has_begun && rocksdb_iter_valid(walk->iterator)) rocksdb_iter_next(walk->iterator);
  walk->has_begun = true;
  if (!rocksdb_iter_valid(walk->iterator)) return false;
  size_t size = 0;
  const char *data = rocksdb_iter_key(walk->iterator, &size);
  *out_key = eagre_text_make(data, size);
  data = rocksdb_iter_value(walk->iterator, &size);
  *out_value = eagre_text_make(data, size);
  return true;
}

enum eagre_status eagre_state_tier_walk_close(struct eagre_state_tier_walk *walk,
                                              struct eagre_error *error) {
  char *message = NULL;
  rocksdb_iter_get_error(walk->iterator, &message);
  enum eagre_status status = check(walk->tier, message, error);
  rocksdb_iter_destroy(walk->iterator);
  rocksdb_readoptions_destroy(walk->options);
  eagre_buffer_done(&walk->to);
  eagre_free(walk);
  return status;
}
