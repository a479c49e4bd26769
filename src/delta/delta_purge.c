/* Step 6 of the epoch protocol: data files that no commit ever added and that no attempt can add
 * any more, because the table has a later commit of their application. Everything else stays:
 * files of other writers, files that were removed from the table but not yet vacuumed. */
#include "delta/delta_table.h"
#include "store/store.h"

/* After listing n entries so many calls are free: a listing costs about as much as this many. */
enum { ENTRIES_PER_FREE_CALL = 100 };

static bool is_lost(const struct eagre_delta_table *table, struct eagre_text application,
                    int64_t epoch, const struct eagre_io_entry *entry) {
  struct eagre_text name = eagre_text_of(entry->name);
  struct eagre_store_name parts;
  if (entry->is_directory || !eagre_store_name_read(name, ".parquet", &parts)) return false;
  if (!eagre_text_equal(parts.application, application) || parts.epoch > epoch) return false;
  return !eagre_delta_snapshot_has_path(&table->snapshot, name);
}

static enum eagre_status purge(struct eagre_delta_table *table, struct eagre_text application,
                               int64_t epoch, struct eagre_arena *arena,
                               struct eagre_error *error) {
  struct eagre_io_entry *entries;
  uint32_t count;
  enum eagre_status status =
      eagre_io_list(table->io, table->location, arena, &entries, &count, error);
  if (status == EAGRE_END) return EAGRE_OK;
  if (status != EAGRE_OK) return status;
  table->purge_calls_left = count / ENTRIES_PER_FREE_CALL;
  const char **paths = eagre_arena_allocate(arena, count * sizeof *paths);
  uint32_t path_count = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (!is_lost(table, application, epoch, &entries[i])) continue;
    paths[path_count++] = eagre_arena_printf(arena, "%s/%s", table->location, entries[i].name).data;
  }
  if (path_count == 0) return EAGRE_OK;
  return eagre_io_remove_files(table->io, paths, path_count, error);
}

enum eagre_status eagre_delta_purge(struct eagre_delta_table *table, const char *application_id,
                                    int64_t epoch, struct eagre_error *error) {
  eagre_assert(strlen(application_id) >= EAGRE_STORE_APPLICATION_SIZE);
  struct eagre_delta_transaction transaction;
  eagre_delta_find_transaction(table, application_id, &transaction);
  if (!transaction.found) return EAGRE_OK;
  if (table->purge_calls_left > 0) {
    table->purge_calls_left--;
    return EAGRE_OK;
  }
  struct eagre_text application = eagre_text_make(application_id, EAGRE_STORE_APPLICATION_SIZE);
  struct eagre_arena arena = {0};
  enum eagre_status status = purge(
      table, application, epoch < transaction.epoch ? epoch : transaction.epoch, &arena, error);
  eagre_arena_done(&arena);
  return status;
}
