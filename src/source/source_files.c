/* The file source, control half: which files are there, and which epoch reads them.
 *
 * Planning an epoch writes a log entry that names its files, before offsets/N points to it. A crash
 * between the two leaves an entry that no offsets reach: the next plan finds it and gives exactly
 * its files to the next epoch, before any others.
 *
 *   Position   {"logOffset":N}; empty = nothing was read yet
 *   Order      modification time, then path; maxFilesPerTrigger of them per epoch
 *   Cores      parts of files belong to cores by their sizes alone, in every run: late rows are
 *              counted per group and core, as Spark counts them per group and partition */
#include "source/source_files.h"

/* While a directory looks unchanged its files are not listed again, for no longer than this. */
static const int64_t TRUST_UNCHANGED_US = 1000000;

static struct eagre_source_files *get_files(struct eagre_source *source) {
  return (struct eagre_source_files *)source;
}

/* ---- Opening --------------------------------------------------------------------------------- */

static enum eagre_status validate_format(const struct eagre_plan_source *plan,
                                         struct eagre_error *error) {
  struct eagre_source_files_format format;
  struct eagre_source_files_decoder *decoder = NULL;
  struct eagre_zone *zone = NULL;
  EAGRE_TRY(eagre_zone_open(EAGRE_TEXT("UTC"), &zone, error));
  enum eagre_status status = eagre_source_files_format_init(&format, plan, zone, error);
  if (status == EAGRE_OK) status = eagre_source_files_decoder_new(&format, &decoder, error);
  eagre_source_files_decoder_free(decoder);
  eagre_source_files_format_done(&format);
  eagre_zone_close(zone);
  return status;
}

static enum eagre_status validate_csv(const struct eagre_plan_source *plan,
                                      struct eagre_error *error) {
  struct eagre_source_files_csv_format format = {0};
  struct eagre_source_files_csv csv = {0};
  struct eagre_zone *zone = NULL;
  EAGRE_TRY(eagre_zone_open(EAGRE_TEXT("UTC"), &zone, error));
  enum eagre_status status = eagre_source_files_csv_init(&format, plan, zone, error);
  if (status == EAGRE_OK) status = eagre_source_files_csv_open(&csv, &format, plan, error);
  eagre_source_files_csv_close(&csv);
  eagre_source_files_csv_done(&format);
  eagre_zone_close(zone);
  return status;
}

static enum eagre_status validate_files(const struct eagre_plan_source *plan,
                                        struct eagre_error *error) {
  struct eagre_arena arena = {0};
  char *path = NULL;
  enum eagre_status status = eagre_source_files_absolute(&arena, plan->path, &path, error);
  if (status == EAGRE_OK && plan->format == EAGRE_FILES_JSON) status = validate_format(plan, error);
  if (status == EAGRE_OK && plan->format == EAGRE_FILES_CSV) status = validate_csv(plan, error);
  eagre_arena_done(&arena);
  if (status != EAGRE_OK) eagre_sql_place_unplaced(plan->position, error);
  return status;
}

/* What is no glob must exist when the query starts. */
static enum eagre_status check_exists(const struct eagre_source_files *files,
                                      struct eagre_error *error) {
  struct eagre_io_entry entry;
  if (eagre_source_files_is_glob(files->path)) return EAGRE_OK;
  enum eagre_status status = eagre_io_stat(files->base.environment.io, files->path, &entry, error);
  if (status != EAGRE_END) return status;
  eagre_error_set(error, EAGRE_USAGE, "PATH_NOT_FOUND", "Path does not exist: file:%s.",
                  files->path);
  eagre_error_hint(error, "relative paths are read against the working directory");
  eagre_sql_place_unplaced(files->base.plan->position, error);
  return EAGRE_USAGE;
}

static enum eagre_status open_files(struct eagre_source *source, struct eagre_error *error) {
  struct eagre_source_files *files = get_files(source);
  const struct eagre_source_environment *environment = &source->environment;
  EAGRE_TRY(eagre_source_files_absolute(&files->arena, source->plan->path, &files->path, error));
  files->description =
      eagre_arena_printf(&files->arena, "FileStreamSource[file:%s]", files->path).data;
  EAGRE_TRY(check_exists(files, error));
  if (source->plan->format == EAGRE_FILES_JSON) {
    EAGRE_TRY(
        eagre_source_files_format_init(&files->format, source->plan, environment->zone, error));
    files->format.batch_rows_max = environment->batch_rows_max;
  }
  if (source->plan->format == EAGRE_FILES_CSV) {
    EAGRE_TRY(eagre_source_files_csv_init(&files->csv, source->plan, environment->zone, error));
  }
  if (source->plan->format == EAGRE_FILES_PARQUET) {
    eagre_source_parquet_columns_init(&files->columns, source->plan, environment->batch_rows_max);
  }
  return eagre_source_files_log_open(&files->log, environment->checkpoint, environment->io,
                                     source->plan->number, error);
}

static void close_files(struct eagre_source *source) {
  struct eagre_source_files *files = get_files(source);
  eagre_source_files_log_done(&files->log);
  eagre_source_files_format_done(&files->format);
  eagre_source_files_csv_done(&files->csv);
  eagre_source_parquet_columns_done(&files->columns);
  eagre_arena_done(&files->arena);
  eagre_arena_done(&files->found_arena);
  eagre_arena_done(&files->assigned_arena);
}

static const char *describe_files(const struct eagre_source *source) {
  return ((const struct eagre_source_files *)source)->description;
}

/* ---- Positions ------------------------------------------------------------------------------- */

/* {"logOffset":N}, or N alone as old versions of Spark wrote it; -1 for none. */
static enum eagre_status read_position(struct eagre_text position, int64_t *out_id,
                                       struct eagre_error *error) {
  struct eagre_arena arena = {0};
  const struct eagre_json_node *root = NULL;
  *out_id = -1;
  if (position.size == 0) return EAGRE_OK;
  bool is_valid = eagre_json_read(&arena, position, &root, NULL) == EAGRE_OK;
  if (is_valid && root->kind == EAGRE_JSON_OBJECT) root = eagre_json_member(root, "logOffset");
  is_valid = is_valid && root != NULL && eagre_json_integer(root, out_id) && *out_id >= -1;
  eagre_arena_done(&arena);
  if (is_valid) return EAGRE_OK;
  return eagre_error_set(
      error, EAGRE_UNSAFE, "MALFORMED_LOG_FILE",
      "'%.*s' is no position of a file source; one looks like {\"logOffset\":0}.",
      (int)(position.size < 100 ? position.size : 100), position.data);
}

static struct eagre_text print_position(struct eagre_arena *arena, int64_t id) {
  if (id < 0) return eagre_text_make("", 0);
  return eagre_arena_printf(arena, "{\"logOffset\":%lld}", (long long)id);
}

static enum eagre_status start_files(struct eagre_source *source, struct eagre_arena *arena,
                                     struct eagre_text *out_position, struct eagre_error *error) {
  (void)source;
  (void)arena;
  (void)error;
  *out_position = eagre_text_make("", 0); /* a new query has read nothing; the log says the rest */
  return EAGRE_OK;
}

/* ---- Looking --------------------------------------------------------------------------------- */

/* Whether there is no need to list the files: a directory changes when a file comes. Clocks are not
 * exact enough to trust that alone, hence the limit in time. */
static bool looks_unchanged(struct eagre_source_files *files, int64_t now_us) {
  struct eagre_io_entry entry;
  if (eagre_source_files_is_glob(files->path)) return false;
  if (eagre_io_stat(files->base.environment.io, files->path, &entry, NULL) != EAGRE_OK) {
    return false;
  }
  bool is_same = entry.is_directory && entry.modified_us == files->directory_modified_us;
  files->directory_modified_us = entry.modified_us;
  return is_same && now_us - files->listed_us < TRUST_UNCHANGED_US && now_us >= files->listed_us;
}

/* Keeps what is not in the log yet. */
static void remove_taken(struct eagre_source_files *files) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < files->found_count; i++) {
    if (eagre_source_files_log_has(&files->log, eagre_text_of(files->found[i].path))) continue;
    files->found[kept++] = files->found[i];
  }
  files->found_count = kept;
}

/* Makes found[found_next..] the files that are there and not taken. What the last look found and
 * did not take comes first; with a fixed end that is all there will be. */
static enum eagre_status look_for_files(struct eagre_source_files *files, bool fix_end,
                                        struct eagre_error *error) {
  if (files->is_end_fixed || files->found_next < files->found_count) return EAGRE_OK;
  int64_t now_us = eagre_clock_wall_us();
  files->is_end_fixed = fix_end;
  if (!fix_end && looks_unchanged(files, now_us)) return EAGRE_OK;
  eagre_arena_reset(&files->found_arena);
  files->found = NULL;
  files->found_count = 0;
  files->found_next = 0;
  files->listed_us = now_us;
  EAGRE_TRY(eagre_source_files_find(files->base.environment.io, files->path,
                                    files->base.plan->format, &files->found_arena, &files->found,
                                    &files->found_count, error));
  remove_taken(files);
  return EAGRE_OK;
}

/* ---- Planning -------------------------------------------------------------------------------- */

static uint32_t get_limit(const struct eagre_source_files *files,
                          const struct eagre_source_limits *limits) {
  const struct eagre_options *options = &files->base.plan->options;
  if (limits->ignore_rate || !eagre_option_given(options, "maxFilesPerTrigger")) return UINT32_MAX;
  int64_t limit = eagre_option_integer(options, "maxFilesPerTrigger");
  return limit < UINT32_MAX ? (uint32_t)limit : UINT32_MAX;
}

static enum eagre_status take_files(struct eagre_source_files *files, uint32_t limit,
                                    struct eagre_error *error) {
  uint32_t left = files->found_count - files->found_next;
  uint32_t count = left < limit ? left : limit;
  if (count == 0) return EAGRE_OK;
  EAGRE_TRY(
      eagre_source_files_log_append(&files->log, files->found + files->found_next, count, error));
  files->found_next += count;
  return EAGRE_OK;
}

/* Where the source would be if everything it knows of were planned. */
static int64_t get_latest(const struct eagre_source_files *files, uint32_t limit) {
  uint64_t left = files->found_count - files->found_next;
  return files->log.last + (int64_t)((left + limit - 1) / limit);
}

/* A batch query over nothing is a mistake, a stream may wait. */
static enum eagre_status check_found(const struct eagre_source_files *files,
                                     struct eagre_error *error) {
  bool is_glob = eagre_source_files_is_glob(files->path);
  if (files->base.plan->is_stream || !is_glob || files->found_count > 0) return EAGRE_OK;
  eagre_error_set(error, EAGRE_USAGE, "PATH_NOT_FOUND", "Path does not exist: file:%s.",
                  files->path);
  eagre_sql_place_unplaced(files->base.plan->position, error);
  return EAGRE_USAGE;
}

static enum eagre_status refuse_lost_log(const struct eagre_source_files *files, int64_t id,
                                         struct eagre_error *error) {
  eagre_error_set(error, EAGRE_UNSAFE, "FILE_LOG_INCOMPLETE",
                  "The offsets reach entry %lld of the file log, whose last entry is %lld (%s/"
                  "sources/%u).",
                  (long long)id, (long long)files->log.last,
                  eagre_checkpoint_path(files->log.checkpoint), files->log.source);
  eagre_error_hint(error, "restore the checkpoint from a backup, or start with a new one");
  return EAGRE_UNSAFE;
}

static enum eagre_status plan_files(struct eagre_source *source, struct eagre_text start,
                                    const struct eagre_source_limits *limits,
                                    struct eagre_arena *arena, struct eagre_source_plan *out,
                                    struct eagre_error *error) {
  struct eagre_source_files *files = get_files(source);
  uint32_t limit = get_limit(files, limits);
  int64_t begin;
  EAGRE_TRY(read_position(start, &begin, error));
  if (begin > files->log.last) return refuse_lost_log(files, begin, error);
  EAGRE_TRY(look_for_files(files, limits->fix_end, error));
  EAGRE_TRY(check_found(files, error));
  if (begin == files->log.last) EAGRE_TRY(take_files(files, limit, error));
  int64_t end = begin < files->log.last ? begin + 1 : begin;
  int64_t latest = get_latest(files, limit);
  out->end = print_position(arena, end);
  out->latest = print_position(arena, latest);
  out->has_new = end > begin;
  out->is_at_fixed_end = limits->fix_end && end == latest;
  return EAGRE_OK;
}

/* ---- Assigning ------------------------------------------------------------------------------- */

/* Raw records say where they stood by the line of the file, each of them. */
static bool may_cut(const struct eagre_source *source) {
  return source->plan->format != EAGRE_FILES_PARQUET && !source->plan->keeps_raw;
}

/* Cuts the files and deals them out. One that is not there any more is for its core to report. */
static enum eagre_status deal_files(struct eagre_source_files *files,
                                    const struct eagre_source_files_entry *entries, size_t count,
                                    struct eagre_error *error) {
  const struct eagre_source_environment *environment = &files->base.environment;
  struct eagre_arena *arena = &files->assigned_arena;
  const struct eagre_source_files_cut cut = {
      .core_count = environment->core_count,
      .part_bytes_max = may_cut(&files->base) ? environment->part_bytes_max : UINT64_MAX,
  };
  uint64_t *sizes = eagre_arena_allocate_zeroed(arena, (count + 1) * sizeof *sizes);
  for (size_t i = 0; i < count && cut.core_count > 1; i++) {
    struct eagre_io_entry found = {0};
    enum eagre_status status = eagre_io_stat(environment->io, entries[i].path.data, &found, error);
    if (status != EAGRE_OK && status != EAGRE_END) return status;
    sizes[i] = found.size;
  }
  eagre_source_files_cut(&cut, entries, sizes, count, arena, &files->assigned,
                         &files->assigned_count);
  return EAGRE_OK;
}

static enum eagre_status assign_files(struct eagre_source *source, struct eagre_text start,
                                      struct eagre_text end, struct eagre_error *error) {
  struct eagre_source_files *files = get_files(source);
  int64_t after;
  int64_t up_to;
  size_t count = 0;
  EAGRE_TRY(read_position(start, &after, error));
  EAGRE_TRY(read_position(end, &up_to, error));
  if (up_to > files->log.last) return refuse_lost_log(files, up_to, error);
  const struct eagre_source_files_entry *entries =
      eagre_source_files_log_range(&files->log, after, up_to, &count);
  eagre_arena_reset(&files->assigned_arena);
  return deal_files(files, entries, count, error);
}

static enum eagre_status commit_files(struct eagre_source *source, struct eagre_text end,
                                      struct eagre_error *error) {
  (void)end;
  return eagre_source_files_log_purge(&get_files(source)->log, error);
}

static int64_t get_lag(struct eagre_source *source, struct eagre_text position) {
  (void)source; /* how many records a file holds is known when it is read */
  (void)position;
  return -1;
}

const struct eagre_source_methods eagre_source_files_methods = {
    .source_size = sizeof(struct eagre_source_files),
    .reader_size = sizeof(struct eagre_source_files_reader),
    .complete = eagre_source_files_complete,
    .validate = validate_files,
    .open = open_files,
    .close = close_files,
    .description = describe_files,
    .start = start_files,
    .plan = plan_files,
    .assign = assign_files,
    .committed = commit_files,
    .lag = get_lag,
    .reader_open = eagre_source_files_reader_open,
    .reader_close = eagre_source_files_reader_close,
    .reader_begin = eagre_source_files_reader_begin,
    .reader_read = eagre_source_files_reader_read,
};
