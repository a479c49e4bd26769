/* Inside of the file source (read_files).
 *
 *   source_files.c         control half: plans epochs, hands files to the cores
 *   source_files_path.c    paths and the URIs by which the log names them
 *   source_files_find.c    looks for files in a directory or behind a glob
 *   source_files_partition.c  columns that stand in names of directories
 *   source_files_complete.c   columns that only the files know, while a query is bound
 *   source_files_log.c     the log of files taken, sources/I/N
 *   source_files_part.c    files cut into parts, the parts dealt to the cores
 *   source_files_reader.c  one core: files -> lines -> batches
 *   source_files_format.c  options and columns of JSON
 *   source_files_json.c    lines of JSON -> rows
 *   source_files_csv.c     lines of CSV -> rows
 *   source_files_array.c   a line that is a JSON array -> its elements
 *
 * Every file is read once. It belongs to the log entry that names it, and so to the epoch whose
 * offsets reach that entry: {"logOffset":N} means that the entries 0..N are read. */
#pragma once

#include "csv/csv.h"
#include "source/source_kind.h"
#include "source/source_parquet.h"
#include "json/json.h"

/* ---- Paths (source_files_path.c) ------------------------------------------------------------- */

/* The path of read_files as an absolute one without `.`, `..` and double slashes; "file:" in front
 * is taken off. USAGE UNSUPPORTED_DATA_SOURCE_SCHEME for any other scheme. */
enum eagre_status eagre_source_files_absolute(struct eagre_arena *arena, struct eagre_text path,
                                              char **out_path, struct eagre_error *error);
/* Whether the path holds one of Hadoop's pattern characters. */
bool eagre_source_files_is_glob(const char *path);

/* ---- Looking for files (source_files_find.c) ------------------------------------------------- */

struct eagre_source_files_found {
  const char *path;
  int64_t modified_us;
};

/* The files of a directory, behind a glob, or the one file, in the order in which they are read: by
 * modification time, then path. Hidden ones (`_x`, `.x`, `x._COPYING_`) are left out; with
 * directories called k=v, however deep, it is the files below those. Everything lives in `arena`.
 * IO PATH_NOT_FOUND; USAGE for what Spark would read in a way we do not: compressed files,
 * partition directories behind a glob, output of Spark's file sink. */
enum eagre_status eagre_source_files_find(struct eagre_io *io, const char *path,
                                          enum eagre_file_format format, struct eagre_arena *arena,
                                          struct eagre_source_files_found **out_files,
                                          uint32_t *out_count, struct eagre_error *error);

/* ---- Partitions (source_files_partition.c, source_files_complete.c) -----------------------  */

/* The next `name=value` among the directories of `path` behind `*position` (0 to begin), which
 * moves behind it. Both are still escaped. */
bool eagre_source_files_partition_next(struct eagre_text path, size_t *position,
                                       struct eagre_text *out_name, struct eagre_text *out_value);
/* The type that Spark gives a column with these values, `%3A` and the like read; NULL values are
 * left out by the caller. */
const struct eagre_type *eagre_source_files_partition_type(struct eagre_arena *arena,
                                                           const struct eagre_text *values,
                                                           uint32_t count,
                                                           const struct eagre_zone *zone);
struct eagre_text eagre_source_files_partition_unescape(struct eagre_arena *arena,
                                                        struct eagre_text text);
/* Fills the partition columns of a batch that was read from the file `path`, below `root`. DATA
 * CONFLICTING_PARTITION_COLUMN_NAMES, INVALID_PARTITION_VALUE. */
enum eagre_status eagre_source_files_partition_fill(const struct eagre_plan_source *plan,
                                                    const struct eagre_zone *zone, const char *root,
                                                    struct eagre_text path,
                                                    struct eagre_batch *batch,
                                                    struct eagre_error *error);
/* Completes the columns of the plan (eagre_source_complete). */
enum eagre_status eagre_source_files_complete(struct eagre_plan_source *plan,
                                              struct eagre_arena *arena, struct eagre_error *error);

/* ---- Log (source_files_log.c) ---------------------------------------------------------------- */

struct eagre_source_files_entry {
  struct eagre_text path; /* zero-terminated behind its size */
  int64_t modified_ms;
  int64_t log_id;
};

/* All entries are in memory, in the order of their ids; a table finds a path. */
struct eagre_source_files_log {
  struct eagre_checkpoint *checkpoint; /* NULL: a batch query, nothing is written */
  struct eagre_io *io;
  uint32_t source;
  struct eagre_arena arena; /* paths */
  struct eagre_source_files_entry *entries;
  size_t count;
  size_t capacity;
  size_t *slots; /* index of an entry + 1, 0 = free */
  size_t slot_count;
  int64_t last; /* newest id, -1 none */
  int64_t compact_interval;
};

/* Reads the log of source number `source`. UNSAFE: MALFORMED_LOG_FILE, FILE_LOG_INCOMPLETE,
 * INVALID_LOG_VERSION.MAX_SUPPORTED_VERSION, CHECKPOINT_FILE_CHECKSUM_VERIFICATION_FAILED. */
enum eagre_status eagre_source_files_log_open(struct eagre_source_files_log *log,
                                              struct eagre_checkpoint *checkpoint,
                                              struct eagre_io *io, uint32_t source,
                                              struct eagre_error *error);
void eagre_source_files_log_done(struct eagre_source_files_log *log);
bool eagre_source_files_log_has(const struct eagre_source_files_log *log, struct eagre_text path);
/* Writes entry `last` + 1, which names `files`. UNSAFE CONCURRENT_STREAM_LOG_UPDATE. */
enum eagre_status eagre_source_files_log_append(struct eagre_source_files_log *log,
                                                const struct eagre_source_files_found *files,
                                                uint32_t count, struct eagre_error *error);
/* The entries of the ids (after, up_to]; they are valid until the next append. */
const struct eagre_source_files_entry *
eagre_source_files_log_range(const struct eagre_source_files_log *log, int64_t after, int64_t up_to,
                             size_t *out_count);
/* Removes log files that a compacted one has made superfluous, after the newest one was written. */
enum eagre_status eagre_source_files_log_purge(const struct eagre_source_files_log *log,
                                               struct eagre_error *error);
/* Adds the entries of one log file (`place` is its path); those without an id of their own, and all
 * of a file that is no compacted one, get `log_id`. For the log itself, tests and fuzzing. */
enum eagre_status eagre_source_files_log_parse(struct eagre_source_files_log *log,
                                               struct eagre_text content, const char *place,
                                               int64_t log_id, bool is_compact,
                                               struct eagre_error *error);

/* ---- Parts (source_files_part.c) ------------------------------------------------------------- */

/* What one core reads of a file: the lines that begin in [begin, end). */
struct eagre_source_files_part {
  struct eagre_text path; /* zero-terminated behind its size */
  uint64_t begin;
  uint64_t end; /* UINT64_MAX: of the file, however long it is */
  uint32_t core;
  _Atomic int64_t lines_before; /* of the file in front of `begin`; -1: not counted yet */
};

/* How an epoch's files are dealt out. */
struct eagre_source_files_cut {
  uint32_t core_count;
  uint64_t part_bytes_max; /* spark.sql.files.maxPartitionBytes; UINT64_MAX: files stay whole */
};

/* Cuts files of `sizes` bytes as Spark does, and deals the parts out so that all cores get about as
 * much to read: each to the core with the fewest bytes so far. The same files and cores give the
 * same parts. They live in `arena`; paths are borrowed. */
void eagre_source_files_cut(const struct eagre_source_files_cut *cut,
                            const struct eagre_source_files_entry *entries, const uint64_t *sizes,
                            size_t count, struct eagre_arena *arena,
                            struct eagre_source_files_part **out_parts, uint32_t *out_count);
/* Where the lines of a part stand: from the first beginning of one at or behind `begin` up to the
 * first at or behind `end` (UINT64_MAX: to the end of the file). May leave nothing between. IO. */
enum eagre_status eagre_source_files_part_place(const struct eagre_source_files_part *part,
                                                struct eagre_io_reader *file, uint64_t *out_begin,
                                                uint64_t *out_end, struct eagre_error *error);
/* The number in its file of line `number` of a part. The first time the file in front of the part
 * is read for it; any thread. False when that fails. An eagre_origin.resolve. */
bool eagre_source_files_part_line(const void *part, int64_t *number);
/* Names the file and, where it is known, that number as the error's place. */
void eagre_source_files_part_blame(const struct eagre_source_files_part *part, int64_t number,
                                   struct eagre_error *error);

/* Spark wraps the failure of a record; the class that a person looks for is the inner one, so both
 * are said. `line_number` counts from the part's first line. Gives back `status`. */
enum eagre_status eagre_source_files_wrap_failure(enum eagre_status status,
                                                  const struct eagre_source_files_part *part,
                                                  int64_t line_number, struct eagre_error *error);

/* ---- JSON (source_files_format.c, source_files_array.c, source_files_json.c) ----------------- */

/* How the lines of a source become rows; made when it is opened, read by all cores. The decoder
 * gets only the columns that somebody reads: as in Spark, the others are not checked for type. */
struct eagre_source_files_format {
  struct eagre_arena arena;
  const struct eagre_type *source; /* all columns of the source; borrowed from the plan */
  const struct eagre_type *schema; /* wanted columns; with DROPMALFORMED the corrupt one behind */
  uint32_t *columns;               /* column of the source -> field of `schema`, or UINT32_MAX */
  struct eagre_json_options options;
  struct eagre_zone *own_zone; /* option timeZone */
  uint32_t corrupt;            /* field of `schema` that gets malformed records, or UINT32_MAX */
  bool drops_malformed;        /* mode DROPMALFORMED */
  uint32_t batch_rows_max;     /* EAGRE_BATCH_ROWS_MAX after `init`; may be made less */
};

/* USAGE: options, types, a corrupt column that is not STRING or the only one that is read. `zone`
 * is borrowed. `done` may be called on a zeroed one and after a failed `init`. */
enum eagre_status eagre_source_files_format_init(struct eagre_source_files_format *format,
                                                 const struct eagre_plan_source *plan,
                                                 const struct eagre_zone *zone,
                                                 struct eagre_error *error);
void eagre_source_files_format_done(struct eagre_source_files_format *format);

/* The elements of a text whose first value is an array, one after the other: a list of them could
 * be larger than the text. */
struct eagre_source_files_elements {
  const struct eagre_json_options *options;
  const char *at; /* the element to come */
  const char *end;
  bool is_at_end; /* all were given */
  bool is_broken; /* an element is no object, or there is none where one must stand */
};
/* Both are borrowed. */
void eagre_source_files_elements_begin(struct eagre_source_files_elements *elements,
                                       const struct eagre_json_options *options,
                                       struct eagre_text text);
/* The next element; false behind the last one and when the array is broken. Whether an element is
 * well-formed inside is for a decoder to say. */
bool eagre_source_files_elements_next(struct eagre_source_files_elements *elements,
                                      struct eagre_text *out_element);
/* Whether the first value of a text is an array. */
bool eagre_source_files_array_begins(const struct eagre_json_options *options,
                                     struct eagre_text text);

/* The decoder of one core. It plans the rows of a batch from lines, then fills the batch. */
struct eagre_source_files_decoder;
enum eagre_status eagre_source_files_decoder_new(const struct eagre_source_files_format *format,
                                                 struct eagre_source_files_decoder **out_decoder,
                                                 struct eagre_error *error);
/* NULL is fine. */
void eagre_source_files_decoder_free(struct eagre_source_files_decoder *decoder);
/* Time-only texts mean the day of `now_us`. */
void eagre_source_files_decoder_begin(struct eagre_source_files_decoder *decoder, int64_t now_us);
/* Lines of a file, one behind the other. */
struct eagre_source_files_lines {
  const struct eagre_text *texts;
  uint32_t count;
  int64_t number; /* of the first in its part, from 1 */
  bool are_ascii; /* all of them are, for sure */
};
/* Makes rows of the first lines, as many as one batch can take. They must be followed by 64
 * readable bytes. *out_used is at least 1. An array with more elements than a batch has rows is
 * taken alone and waits for `has_more`. DATA with FAILFAST; `part` is where they stand, for
 * messages. */
enum eagre_status eagre_source_files_decoder_plan(struct eagre_source_files_decoder *decoder,
                                                  const struct eagre_source_files_lines *lines,
                                                  const struct eagre_source_files_part *part,
                                                  uint32_t *out_used, struct eagre_error *error);
/* Decodes the rows that were planned into the columns of the source. The batch may stay empty.
 * Texts point into the lines. */
enum eagre_status eagre_source_files_decoder_fill(struct eagre_source_files_decoder *decoder,
                                                  const struct eagre_source_files_part *part,
                                                  struct eagre_batch *batch,
                                                  struct eagre_error *error);
/* Whether elements of a large array wait; `more` plans rows of them, over a line that becomes the
 * backing of `batch`. */
bool eagre_source_files_decoder_has_more(const struct eagre_source_files_decoder *decoder);
void eagre_source_files_decoder_more(struct eagre_source_files_decoder *decoder,
                                     struct eagre_batch *batch);

/* ---- CSV (source_files_csv.c) ---------------------------------------------------------------- */

/* Made when the source is opened, read by all cores. */
struct eagre_source_files_csv_format {
  struct eagre_arena arena;
  const struct eagre_type *schema; /* columns of the source that stand in files */
  uint32_t *columns;               /* field of `schema` -> column of the source */
  bool *wanted;                    /* by field of `schema` */
  struct eagre_csv_options options;
  struct eagre_zone *own_zone;
  bool has_header;
  bool checks_header; /* option enforceSchema=false */
};
/* USAGE: options. `zone` is borrowed; `done` may be called on a zeroed one. */
enum eagre_status eagre_source_files_csv_init(struct eagre_source_files_csv_format *format,
                                              const struct eagre_plan_source *plan,
                                              const struct eagre_zone *zone,
                                              struct eagre_error *error);
void eagre_source_files_csv_done(struct eagre_source_files_csv_format *format);

/* One core's half. */
struct eagre_source_files_csv {
  const struct eagre_source_files_csv_format *format;
  const struct eagre_type *source;  /* all columns of the source */
  struct eagre_csv_options options; /* with the time of this epoch */
  struct eagre_csv_decoder *decoder;
  bool is_header_next; /* the first record of the file is still to come */
};
enum eagre_status eagre_source_files_csv_open(struct eagre_source_files_csv *csv,
                                              const struct eagre_source_files_csv_format *format,
                                              const struct eagre_plan_source *plan,
                                              struct eagre_error *error);
void eagre_source_files_csv_close(struct eagre_source_files_csv *csv);
/* Makes rows of the lines; the first of them has the number `line_number` in its part. The batch
 * may stay empty. DATA FAILED_READ_FILE.NO_HINT. */
enum eagre_status eagre_source_files_csv_fill(struct eagre_source_files_csv *csv,
                                              const struct eagre_text *lines, uint32_t line_count,
                                              int64_t line_number,
                                              const struct eagre_source_files_part *part,
                                              struct eagre_batch *batch, struct eagre_error *error);

/* ---- Both halves ----------------------------------------------------------------------------- */

struct eagre_source_files {
  struct eagre_source base;
  struct eagre_arena arena; /* life of the source */
  char *path;               /* absolute; may be a glob */
  const char *description;
  struct eagre_source_files_format format;     /* JSON */
  struct eagre_source_files_csv_format csv;    /* CSV */
  struct eagre_source_parquet_columns columns; /* Parquet */
  struct eagre_source_files_log log;
  /* The last look: files found[found_next..] are not taken yet. */
  struct eagre_arena found_arena;
  struct eagre_source_files_found *found;
  uint32_t found_count;
  uint32_t found_next;
  bool is_end_fixed;
  int64_t listed_us;
  int64_t directory_modified_us;
  /* The epoch's files; the cores read them while no other epoch is assigned. */
  struct eagre_arena assigned_arena;
  struct eagre_source_files_part *assigned;
  uint32_t assigned_count;
};

struct eagre_source_files_reader {
  struct eagre_source_reader base;
  uint32_t next_part;                         /* index into `assigned` */
  const struct eagre_source_files_part *part; /* that is open */
  struct eagre_io_reader *file;               /* NULL: none is open */
  uint64_t offset;                            /* in the file, of what is to be read next */
  uint64_t end;                               /* of the lines of the part */
  struct eagre_buffer block;                  /* what was read and is not in a batch yet */
  bool is_at_end;                             /* of the part: `block` holds the rest */
  int64_t line_count;                         /* lines of the part before `block` */
  struct eagre_text *lines;                   /* the first of `block`, a batch at most */
  uint32_t found_count;                       /* of `lines` */
  size_t found_size;                          /* their bytes, with their ends */
  bool are_found_ascii;
  struct eagre_source_files_decoder *decoder; /* JSON */
  struct eagre_source_files_csv csv;          /* CSV */
  struct eagre_parquet_reader *parquet;       /* the file that is open, of Parquet */
};

enum eagre_status eagre_source_files_reader_open(struct eagre_source_reader *reader,
                                                 struct eagre_error *error);
void eagre_source_files_reader_close(struct eagre_source_reader *reader);
enum eagre_status eagre_source_files_reader_begin(struct eagre_source_reader *reader,
                                                  struct eagre_error *error);
enum eagre_status eagre_source_files_reader_read(struct eagre_source_reader *reader,
                                                 struct eagre_batch *batch,
                                                 struct eagre_error *error);
