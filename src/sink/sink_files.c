/* The sink into directories of Parquet, JSON or text files, control half: exactly once by the
 * manifest, as Spark's FileStreamSink (docs/internals/epochs.md).
 *
 * The id of a new checkpoint is made after the sink was opened (step 0 of the protocol); until then
 * `environment.checkpoint_id` points to an empty text, and a directory that has a manifest already
 * belongs to somebody else. */
#include <stdlib.h>

#include "sink/sink_files.h"

static struct eagre_sink_files *get_files(struct eagre_sink *sink) {
  return (struct eagre_sink_files *)sink;
}

/* ---- Checks without the directory ------------------------------------------------------------ */

static enum eagre_status check_mode(const struct eagre_plan_sink *plan, enum eagre_output_mode mode,
                                    struct eagre_error *error) {
  if (mode == EAGRE_MODE_APPEND) return EAGRE_OK;
  eagre_error_set(error, EAGRE_USAGE, "STREAMING_OUTPUT_MODE.UNSUPPORTED_DATASOURCE",
                  "Invalid streaming output mode: %s. This output mode is not supported in Data "
                  "Source %s.",
                  mode == EAGRE_MODE_UPDATE ? "update" : "complete",
                  eagre_file_format_name(plan->format));
  eagre_error_hint(error, "use append: with a watermark, each group is written once");
  return EAGRE_USAGE;
}

static bool is_storable(enum eagre_file_format format, const struct eagre_type *type) {
  bool is_known = eagre_type_is_supported(type->kind) && type->kind != EAGRE_TYPE_NULL;
  if (!is_known) return false;
  if (format == EAGRE_FILES_TEXT) return type->kind == EAGRE_TYPE_STRING;
  if (format == EAGRE_FILES_PARQUET && eagre_type_is_interval(type->kind)) return false;
  if (format == EAGRE_FILES_CSV) {
    return type->field_count == 0 && type->kind != EAGRE_TYPE_BINARY &&
           type->kind != EAGRE_TYPE_VARIANT;
  }
  for (uint32_t i = 0; i < type->field_count; i++) {
    if (!is_storable(format, type->fields[i].type)) return false;
  }
  return true;
}

static enum eagre_status check_type(enum eagre_file_format format, const struct eagre_field *field,
                                    struct eagre_error *error) {
  if (is_storable(format, field->type)) return EAGRE_OK;
  struct eagre_buffer printed = {0};
  eagre_type_print(&printed, field->type);
  eagre_error_set(error, EAGRE_USAGE, "UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE",
                  "The %s datasource doesn't support the column `%.*s` of the type %s.",
                  eagre_file_format_name(format), (int)field->name.size, field->name.data,
                  eagre_buffer_string(&printed));
  eagre_error_hint(error, "cast the column to a type that the files can hold");
  eagre_buffer_done(&printed);
  return EAGRE_USAGE;
}

static bool is_partition(const struct eagre_plan_sink *plan, struct eagre_text column) {
  for (uint32_t i = 0; i < plan->partition_column_count; i++) {
    if (eagre_text_equal_ignoring_case(plan->partition_columns[i], column)) return true;
  }
  return false;
}

static enum eagre_status check_columns(const struct eagre_plan_sink *plan,
                                       const struct eagre_type *columns,
                                       struct eagre_error *error) {
  uint32_t left = 0;
  for (uint32_t i = 0; i < columns->field_count; i++) {
    if (is_partition(plan, columns->fields[i].name)) continue;
    EAGRE_TRY(check_type(plan->format, &columns->fields[i], error));
    left++;
  }
  if (left == 0) {
    eagre_error_set(error, EAGRE_USAGE, "ALL_PARTITION_COLUMNS_NOT_ALLOWED",
                    "Cannot use all columns for partition columns.");
    return EAGRE_USAGE;
  }
  if (plan->format == EAGRE_FILES_TEXT && left != 1) {
    eagre_error_set(error, EAGRE_USAGE, "UNSUPPORTED_TEXT_COLUMNS",
                    "Text data source supports only a single column, and you have %u columns.",
                    left);
    eagre_error_hint(error, "make one STRING of them, for example with to_json(struct(*))");
    return EAGRE_USAGE;
  }
  return EAGRE_OK;
}

/* The index in `columns` of a column of PARTITIONED BY. */
static enum eagre_status find_partition(const struct eagre_type *columns, struct eagre_text name,
                                        uint32_t *out, struct eagre_error *error) {
  for (*out = 0; *out < columns->field_count; *out += 1) {
    const struct eagre_field *field = &columns->fields[*out];
    if (!eagre_text_equal_ignoring_case(field->name, name)) continue;
    if (field->type->field_count == 0 && is_storable(EAGRE_FILES_PARQUET, field->type)) {
      return EAGRE_OK;
    }
    return eagre_error_set(error, EAGRE_USAGE, "INVALID_PARTITION_COLUMN_DATA_TYPE",
                           "Cannot use the column `%.*s` for partitioning: its type names no "
                           "directory.",
                           (int)name.size, name.data);
  }
  return eagre_error_set(error, EAGRE_USAGE, "PARTITION_COLUMN_NOT_FOUND_IN_SCHEMA",
                         "Partition column `%.*s` not found among the columns of the flow.",
                         (int)name.size, name.data);
}

/* How files of lines may be compressed; Parquet has more codecs. */
static enum eagre_status find_codec(const struct eagre_plan_sink *plan, enum eagre_codec *out,
                                    struct eagre_error *error) {
  bool is_parquet = plan->format == EAGRE_FILES_PARQUET;
  *out = is_parquet ? EAGRE_CODEC_ZSTD : EAGRE_CODEC_NONE;
  if (!eagre_option_given(&plan->options, "compression")) return EAGRE_OK;
  struct eagre_text name = eagre_option_text(&plan->options, "compression");
  EAGRE_TRY(eagre_codec_parse(name, out, error));
  bool is_stream = *out == EAGRE_CODEC_NONE || *out == EAGRE_CODEC_GZIP || *out == EAGRE_CODEC_ZSTD;
  if (is_parquet || is_stream) return EAGRE_OK;
  eagre_error_set(error, EAGRE_USAGE, "CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION",
                  "The codec %.*s is not available.", (int)name.size, name.data);
  eagre_error_hint(error, "available codecs of %s are none, gzip and zstd",
                   eagre_file_format_name(plan->format));
  return EAGRE_USAGE;
}

static enum eagre_status validate_files(const struct eagre_plan_sink *plan,
                                        const struct eagre_type *columns,
                                        enum eagre_output_mode mode, struct eagre_error *error) {
  enum eagre_codec ignored_codec;
  uint32_t ignored_column;
  EAGRE_TRY(check_mode(plan, mode, error));
  EAGRE_TRY(find_codec(plan, &ignored_codec, error));
  for (uint32_t i = 0; i < plan->partition_column_count; i++) {
    EAGRE_TRY(find_partition(columns, plan->partition_columns[i], &ignored_column, error));
  }
  return check_columns(plan, columns, error);
}

/* ---- Opening --------------------------------------------------------------------------------- */

static enum eagre_status choose_columns(struct eagre_sink_files *files, struct eagre_error *error) {
  const struct eagre_type *columns = files->base.columns;
  const struct eagre_plan_sink *plan = files->base.plan;
  struct eagre_field *fields =
      eagre_arena_allocate(&files->arena, (columns->field_count + 1) * sizeof *fields);
  uint32_t count = 0;
  files->partition_column_count = plan->partition_column_count;
  files->partition_columns = eagre_arena_allocate(
      &files->arena, (plan->partition_column_count + 1) * sizeof *files->partition_columns);
  files->file_columns =
      eagre_arena_allocate(&files->arena, (columns->field_count + 1) * sizeof *files->file_columns);
  for (uint32_t i = 0; i < plan->partition_column_count; i++) {
    EAGRE_TRY(
        find_partition(columns, plan->partition_columns[i], &files->partition_columns[i], error));
  }
  for (uint32_t i = 0; i < columns->field_count; i++) {
    if (is_partition(plan, columns->fields[i].name)) continue;
    files->file_columns[count] = i;
    fields[count++] = columns->fields[i];
  }
  files->file_schema =
      eagre_type_copy(&files->arena, eagre_type_struct(&files->arena, fields, count));
  return EAGRE_OK;
}

/* ".zstd.parquet", ".json", ".txt.gz" as Spark and Hadoop name them. */
static const char *print_extension(struct eagre_sink_files *files) {
  enum eagre_file_format format = files->base.plan->format;
  if (format == EAGRE_FILES_PARQUET) {
    if (files->codec == EAGRE_CODEC_NONE) return ".parquet";
    return eagre_arena_printf(&files->arena, ".%s.parquet", eagre_codec_name(files->codec)).data;
  }
  const char *suffix = files->codec == EAGRE_CODEC_GZIP   ? ".gz"
                       : files->codec == EAGRE_CODEC_ZSTD ? ".zst"
                                                          : "";
  const char *name = format == EAGRE_FILES_TEXT ? "txt" : eagre_file_format_name(format);
  return eagre_arena_printf(&files->arena, ".%s%s", name, suffix).data;
}

static enum eagre_status set_csv_options(struct eagre_sink_files *files,
                                         struct eagre_error *error) {
  const struct eagre_options *options = &files->base.plan->options;
  eagre_csv_options_init(&files->csv);
  files->csv.zone = files->base.environment.zone;
  files->has_header = eagre_option_boolean(options, "header");
  if (!eagre_option_given(options, "sep")) return EAGRE_OK;
  return eagre_csv_option_set(&files->csv, EAGRE_TEXT("sep"), eagre_option_text(options, "sep"),
                              &files->arena, error);
}

static enum eagre_status set_options(struct eagre_sink_files *files, struct eagre_error *error) {
  const struct eagre_options *options = &files->base.plan->options;
  EAGRE_TRY(find_codec(files->base.plan, &files->codec, error));
  eagre_parquet_options_init(&files->parquet);
  files->parquet.codec = files->codec;
  files->extension = print_extension(files);
  EAGRE_TRY(set_csv_options(files, error));
  files->file_row_count_max = UINT64_MAX;
  if (eagre_option_given(options, "maxRecordsPerFile")) {
    files->file_row_count_max = (uint64_t)eagre_option_integer(options, "maxRecordsPerFile");
  }
  return EAGRE_OK;
}

static enum eagre_status refuse_foreign(const struct eagre_sink_files *files, const char *reason,
                                        struct eagre_error *error) {
  eagre_error_set(error, EAGRE_UNSAFE, "SINK_DIRECTORY_OF_ANOTHER_QUERY",
                  "The directory %s has a manifest, _spark_metadata, %s.", files->location, reason);
  eagre_error_hint(error, "every query needs a directory of its own: choose another path, or "
                          "continue with the checkpoint that the files come from");
  return EAGRE_UNSAFE;
}

/* Whose directory it is, as far as names tell: Spark's manifest names nobody, and may be continued
 * with Spark's checkpoint. */
static enum eagre_status check_owner(struct eagre_sink_files *files,
                                     const struct eagre_checkpoint_manifest *manifest,
                                     struct eagre_error *error) {
  const char *id = files->base.environment.checkpoint_id;
  struct eagre_store_name newest;
  if (manifest->last < 0) return EAGRE_OK;
  if (id[0] == '\0') return refuse_foreign(files, "and this checkpoint is new", error);
  if (!eagre_sink_manifest_newest(files, manifest, &newest)) return EAGRE_OK;
  struct eagre_text application = eagre_text_make(id, EAGRE_STORE_APPLICATION_SIZE);
  if (eagre_text_equal(newest.application, application)) return EAGRE_OK;
  return refuse_foreign(files, "of files that came from another checkpoint", error);
}

static enum eagre_status open_files(struct eagre_sink *sink, struct eagre_error *error) {
  struct eagre_sink_files *files = get_files(sink);
  struct eagre_arena arena = {0};
  struct eagre_checkpoint_manifest manifest;
  files->begun_epoch = -1;
  files->must_sweep = true;
  EAGRE_TRY(set_options(files, error));
  EAGRE_TRY(choose_columns(files, error));
  EAGRE_TRY(eagre_store_open(sink->environment.io, sink->plan->location, &files->store, error));
  files->location = eagre_store_path(files->store, "", &files->arena);
  files->description = eagre_arena_printf(&files->arena, "FileSink[file:%s]", files->location).data;
  enum eagre_status status = eagre_checkpoint_manifest_read(
      files->base.environment.io, files->location, &arena, &manifest, error);
  if (status == EAGRE_OK) status = check_owner(files, &manifest, error);
  eagre_arena_done(&arena);
  return status;
}

static void close_files(struct eagre_sink *sink) {
  struct eagre_sink_files *files = get_files(sink);
  eagre_store_close(files->store);
  eagre_arena_done(&files->arena);
}

static const char *describe_files(const struct eagre_sink *sink) {
  return ((const struct eagre_sink_files *)sink)->description;
}

/* ---- Epochs ---------------------------------------------------------------------------------- */

static enum eagre_status recover(struct eagre_sink_files *files, struct eagre_arena *arena,
                                 struct eagre_sink_recovery *out, struct eagre_error *error) {
  struct eagre_checkpoint_manifest manifest;
  struct eagre_store_name newest;
  EAGRE_TRY(eagre_checkpoint_manifest_read(files->base.environment.io, files->location, arena,
                                           &manifest, error));
  EAGRE_TRY(check_owner(files, &manifest, error));
  out->knowledge = manifest.last < 0 ? EAGRE_SINK_NOTHING : EAGRE_SINK_HAS;
  out->epoch = manifest.last;
  out->notes_every_epoch = true;
  if (!eagre_sink_manifest_newest(files, &manifest, &newest)) return EAGRE_OK;
  /* An entry without files behind it is Spark's. */
  if (newest.epoch != manifest.last || newest.attempt.size >= sizeof out->attempt) return EAGRE_OK;
  memcpy(out->attempt, newest.attempt.data, newest.attempt.size);
  out->attempt[newest.attempt.size] = '\0';
  return EAGRE_OK;
}

/* What a process named before it died may not be on the disk yet, and who goes on builds upon it:
 * entries, directories of partitions. `depth`: levels of directories that may still come. */
static enum eagre_status sync_names(struct eagre_sink_files *files, struct eagre_arena *arena,
                                    const char *name, uint32_t depth, struct eagre_error *error) {
  struct eagre_io_entry *entries = NULL;
  uint32_t count = 0;
  enum eagre_status status = eagre_store_list(files->store, name, arena, &entries, &count, error);
  if (status == EAGRE_END) return EAGRE_OK;
  EAGRE_TRY(status);
  const char *path = eagre_store_path(files->store, name, arena);
  EAGRE_TRY(eagre_io_sync_directory(files->base.environment.io, path, error));
  for (uint32_t i = 0; i < count; i++) {
    if (!entries[i].is_directory || depth == 0 || strchr(entries[i].name, '=') == NULL) continue;
    const char *separator = name[0] == '\0' ? "" : "/";
    const char *inner = eagre_arena_printf(arena, "%s%s%s", name, separator, entries[i].name).data;
    EAGRE_TRY(sync_names(files, arena, inner, depth - 1, error));
  }
  return EAGRE_OK;
}

static enum eagre_status recover_files(struct eagre_sink *sink, struct eagre_sink_recovery *out,
                                       struct eagre_error *error) {
  struct eagre_sink_files *files = get_files(sink);
  struct eagre_arena arena = {0};
  eagre_io_sync_ancestors(sink->environment.io, files->location);
  enum eagre_status status = sync_names(files, &arena, "", files->partition_column_count, error);
  if (status == EAGRE_OK) status = sync_names(files, &arena, EAGRE_CHECKPOINT_MANIFEST, 0, error);
  if (status == EAGRE_OK) status = recover(files, &arena, out, error);
  eagre_arena_done(&arena);
  return status;
}

/* An epoch that begins again leaves files of its first attempt behind. */
static enum eagre_status begin_files(struct eagre_sink *sink, int64_t epoch, const char *attempt,
                                     struct eagre_error *error) {
  (void)attempt; /* the writers are told themselves */
  (void)error;
  struct eagre_sink_files *files = get_files(sink);
  if (files->begun_epoch == epoch) files->must_sweep = true;
  files->begun_epoch = epoch;
  return EAGRE_OK;
}

static enum eagre_status read_pieces(const struct eagre_sink_commit *commit,
                                     struct eagre_arena *arena,
                                     struct eagre_sink_manifest_file **out_files,
                                     uint32_t *out_count, struct eagre_error *error) {
  *out_files = NULL;
  *out_count = 0;
  for (uint32_t i = 0; i < commit->piece_count; i++) {
    EAGRE_TRY(eagre_sink_files_piece_read(commit->pieces[i], arena, out_files, out_count, error));
  }
  return EAGRE_OK;
}

/* There is an entry of this epoch: ours from before, or somebody else's. */
static enum eagre_status check_committed(struct eagre_sink_files *files,
                                         const struct eagre_sink_commit *commit,
                                         struct eagre_arena *arena, struct eagre_error *error) {
  struct eagre_sink_recovery has = {0};
  EAGRE_TRY(recover(files, arena, &has, error));
  if (has.epoch == commit->epoch && strcmp(has.attempt, commit->attempt) == 0) return EAGRE_OK;
  eagre_error_set(error, EAGRE_UNSAFE, "CONCURRENT_STREAM_LOG_UPDATE",
                  "The directory %s has epoch %lld already, not by this process: another one works "
                  "with the same checkpoint.",
                  files->location, (long long)commit->epoch);
  eagre_error_hint(error, "stop the other process, then start again");
  return EAGRE_UNSAFE;
}

/* Puts the files that are kept in front and gives their number: without rows a file is kept only
 * when there is no other, to name the attempt. */
static uint32_t choose_kept(struct eagre_sink_manifest_file *list, uint32_t count) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (list[i].row_count == 0) continue;
    struct eagre_sink_manifest_file file = list[i];
    list[i] = list[kept];
    list[kept++] = file;
  }
  return kept == 0 && count > 0 ? 1 : kept;
}

static enum eagre_status add_entry(struct eagre_sink_files *files,
                                   const struct eagre_sink_commit *commit,
                                   const struct eagre_sink_manifest_file *list, uint32_t count,
                                   struct eagre_arena *arena, struct eagre_error *error) {
  struct eagre_error failure;
  eagre_error_init(&failure);
  enum eagre_status status = eagre_sink_manifest_add(files, commit->epoch, list, count, &failure);
  bool is_there = status == EAGRE_UNSAFE && strcmp(failure.class_name, "FILE_ALREADY_EXISTS") == 0;
  if (is_there) return check_committed(files, commit, arena, error);
  if (status != EAGRE_OK && error != NULL) *error = failure;
  return status;
}

static enum eagre_status commit_pieces(struct eagre_sink_files *files,
                                       const struct eagre_sink_commit *commit,
                                       struct eagre_arena *arena, struct eagre_error *error) {
  struct eagre_sink_manifest_file *list = NULL;
  uint32_t count = 0;
  EAGRE_TRY(read_pieces(commit, arena, &list, &count, error));
  uint32_t kept = choose_kept(list, count);
  EAGRE_TRY(add_entry(files, commit, list, kept, arena, error));
  const char **dropped = eagre_arena_allocate(arena, (count + 1) * sizeof *dropped);
  for (uint32_t i = kept; i < count; i++) {
    dropped[i - kept] = eagre_arena_copy_text(arena, list[i].path).data;
  }
  return eagre_store_remove(files->store, dropped, count - kept, error);
}

static enum eagre_status commit_files(struct eagre_sink *sink,
                                      const struct eagre_sink_commit *commit,
                                      struct eagre_error *error) {
  struct eagre_arena arena = {0};
  enum eagre_status status = commit_pieces(get_files(sink), commit, &arena, error);
  eagre_arena_done(&arena);
  return status;
}

/* ---- Sweeping -------------------------------------------------------------------------------- */

static int compare_names(const void *left, const void *right) {
  return eagre_text_compare(*(const struct eagre_text *)left, *(const struct eagre_text *)right);
}

/* The names of all committed files, sorted. */
static struct eagre_text *list_committed(const struct eagre_checkpoint_manifest *manifest,
                                         struct eagre_arena *arena) {
  struct eagre_text *names = eagre_arena_allocate(arena, (manifest->count + 1) * sizeof *names);
  for (uint32_t i = 0; i < manifest->count; i++) {
    names[i] = eagre_sink_manifest_name(&manifest->files[i]);
  }
  qsort(names, manifest->count, sizeof *names, compare_names);
  return names;
}

struct sweep {
  struct eagre_sink_files *files;
  struct eagre_arena *arena;
  const struct eagre_text *committed;
  uint32_t committed_count;
  struct eagre_text application;
  int64_t epoch;
};

static bool is_lost(const struct sweep *sweep, const char *name) {
  struct eagre_text text = eagre_text_of(name);
  struct eagre_store_name parts;
  if (!eagre_store_name_read(text, sweep->files->extension, &parts)) return false;
  if (!eagre_text_equal(parts.application, sweep->application)) return false;
  if (parts.epoch > sweep->epoch) return false;
  return bsearch(&text, sweep->committed, sweep->committed_count, sizeof text, compare_names) ==
         NULL;
}

/* `depth`: levels of directories that may still come. */
static enum eagre_status sweep_directory(const struct sweep *sweep, const char *name,
                                         uint32_t depth, struct eagre_error *error) {
  struct eagre_io_entry *entries = NULL;
  uint32_t count = 0;
  uint32_t lost_count = 0;
  enum eagre_status status =
      eagre_store_list(sweep->files->store, name, sweep->arena, &entries, &count, error);
  if (status == EAGRE_END) return EAGRE_OK;
  if (status != EAGRE_OK) return status;
  const char **lost = eagre_arena_allocate(sweep->arena, (count + 1) * sizeof *lost);
  for (uint32_t i = 0; i < count; i++) {
    const char *separator = name[0] == '\0' ? "" : "/";
    const char *path =
        eagre_arena_printf(sweep->arena, "%s%s%s", name, separator, entries[i].name).data;
    if (!entries[i].is_directory) {
      if (is_lost(sweep, entries[i].name)) lost[lost_count++] = path;
    } else if (depth > 0 && strchr(entries[i].name, '=') != NULL) {
      EAGRE_TRY(sweep_directory(sweep, path, depth - 1, error));
    }
  }
  return eagre_store_remove(sweep->files->store, lost, lost_count, error);
}

static enum eagre_status purge_files(struct eagre_sink *sink, int64_t epoch,
                                     struct eagre_error *error) {
  struct eagre_sink_files *files = get_files(sink);
  struct eagre_arena arena = {0};
  struct eagre_checkpoint_manifest manifest;
  if (!files->must_sweep) return EAGRE_OK;
  enum eagre_status status = eagre_checkpoint_manifest_read(
      files->base.environment.io, files->location, &arena, &manifest, error);
  if (status == EAGRE_OK) {
    const struct sweep sweep = {
        .files = files,
        .arena = &arena,
        .committed = list_committed(&manifest, &arena),
        .committed_count = manifest.count,
        .application =
            eagre_text_make(sink->environment.checkpoint_id, EAGRE_STORE_APPLICATION_SIZE),
        .epoch = epoch < manifest.last ? epoch : manifest.last,
    };
    status = sweep_directory(&sweep, "", files->partition_column_count, error);
  }
  files->must_sweep = status != EAGRE_OK;
  eagre_arena_done(&arena);
  return status;
}

const struct eagre_sink_methods eagre_sink_files_methods = {
    .sink_size = sizeof(struct eagre_sink_files),
    .writer_size = sizeof(struct eagre_sink_files_writer),
    .validate = validate_files,
    .open = open_files,
    .close = close_files,
    .description = describe_files,
    .recover = recover_files,
    .begin = begin_files,
    .commit = commit_files,
    .purge = purge_files,
    .writer_open = eagre_sink_files_writer_open,
    .writer_close = eagre_sink_files_writer_close,
    .writer_begin = eagre_sink_files_writer_begin,
    .writer_write = eagre_sink_files_writer_write,
    .writer_prepare = eagre_sink_files_writer_prepare,
    .writer_abort = eagre_sink_files_writer_abort,
};
