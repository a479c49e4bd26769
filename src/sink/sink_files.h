/* Inside of the sink into directories of files: what the control half decides and the writers of
 * the cores use.
 *
 *   DIR/part-00000-<application>-<epoch>-<attempt>-c000.json      data, of any attempt
 *   DIR/k=a/part-...                                              the same, PARTITIONED BY (k)
 *   DIR/_spark_metadata/N                                         what epoch N has committed
 *
 * The manifest is Spark's: its readers, and ours, see the files it names and no others. */
#pragma once

#include "checkpoint/checkpoint.h"
#include "compress/compress.h"
#include "csv/csv.h"
#include "parquet/parquet.h"
#include "sink/sink_kind.h"
#include "store/store.h"
#include "value/value.h"

struct eagre_sink_files {
  struct eagre_sink base;
  struct eagre_arena arena; /* life of the sink */
  struct eagre_store *store;
  const char *location; /* absolute */
  const char *description;
  const char *extension; /* ".json.gz" */
  enum eagre_codec codec;
  struct eagre_parquet_options parquet;
  struct eagre_csv_options csv;
  bool has_header;
  uint64_t file_row_count_max; /* option maxRecordsPerFile; UINT64_MAX without */
  /* Columns of the flow that name directories, in the order of PARTITIONED BY, and those that are
   * left for the files. */
  uint32_t *partition_columns;
  uint32_t partition_column_count;
  uint32_t *file_columns;
  const struct eagre_type *file_schema;
  int64_t begun_epoch;       /* of the last begin; -1 before */
  int64_t manifest_last;     /* the newest entry we have put */
  int64_t manifest_interval; /* 0: not known yet */
  bool must_sweep;           /* files of lost attempts may be there */
};

/* ---- Data files (sink_files_data.c) ---------------------------------------------------------- */

struct eagre_sink_data_file;
/* Begins the file `path` of rows of the sink's file_schema. IO, UNSAFE FILE_ALREADY_EXISTS. */
enum eagre_status eagre_sink_data_file_open(const struct eagre_sink_files *sink,
                                            struct eagre_io *io, const char *path,
                                            struct eagre_sink_data_file **out_file,
                                            struct eagre_error *error);
/* Appends rows; `columns` has one vector per field of file_schema. */
enum eagre_status eagre_sink_data_file_write(struct eagre_sink_data_file *file,
                                             const struct eagre_vector *columns, uint32_t row_count,
                                             struct eagre_error *error);
uint64_t eagre_sink_data_file_row_count(const struct eagre_sink_data_file *file);
/* Syncs the file, not its directory. Frees it in any case. */
enum eagre_status eagre_sink_data_file_finish(struct eagre_sink_data_file *file,
                                              struct eagre_error *error);
/* Removes and frees the file; NULL is fine. */
void eagre_sink_data_file_abort(struct eagre_sink_data_file *file);

/* ---- Directories of partitions (sink_files_partition.c) -------------------------------------- */

/* Appends "k=a%2Fb/d=2026-01-01" of a row, escaped as Hive and Spark do; NULL and the empty text
 * are __HIVE_DEFAULT_PARTITION__. Nothing for a sink without PARTITIONED BY. */
void eagre_sink_files_print_partition(const struct eagre_sink_files *sink,
                                      const struct eagre_batch *batch, uint32_t row,
                                      struct eagre_buffer *out);

/* ---- Manifest (sink_files_manifest.c) -------------------------------------------------------- */

/* One file of an attempt. */
struct eagre_sink_manifest_file {
  struct eagre_text path; /* below the directory of the sink: "k=a/part-..." */
  uint64_t size;
  int64_t modified_ms;
  uint64_t row_count;
};
/* Durably adds entry `epoch` with these files, and entries without files for epochs the manifest
 * knows nothing of. UNSAFE FILE_ALREADY_EXISTS when there is an entry `epoch`. */
enum eagre_status eagre_sink_manifest_add(struct eagre_sink_files *sink, int64_t epoch,
                                          const struct eagre_sink_manifest_file *files,
                                          uint32_t file_count, struct eagre_error *error);
/* The name of a file without directories. */
struct eagre_text eagre_sink_manifest_name(const struct eagre_checkpoint_manifest_file *file);
/* What the name of the newest file says; false when it is somebody else's, or there is none. */
bool eagre_sink_manifest_newest(const struct eagre_sink_files *sink,
                                const struct eagre_checkpoint_manifest *manifest,
                                struct eagre_store_name *out);

/* ---- Writers (sink_files_writer.c) ----------------------------------------------------------- */

/* A file that a core is writing, of one partition. */
struct eagre_sink_files_open {
  struct eagre_text partition; /* "" without PARTITIONED BY; ends with a zero */
  struct eagre_sink_data_file *file;
  const char *path; /* below the directory of the sink */
};

struct eagre_sink_files_writer {
  struct eagre_sink_writer base;
  struct eagre_arena arena; /* life of the attempt */
  struct eagre_store_attempt attempt;
  char attempt_text[64];
  struct eagre_sink_files_open *files; /* being written */
  uint32_t file_count;
  uint32_t *slots; /* a hash table over the partitions of `files`: index + 1 */
  uint32_t slot_count;
  uint32_t next_number;
  struct eagre_vector *vectors; /* one per column of a file; scratch */
  struct eagre_buffer piece;    /* members of "files" of finished ones */
  uint64_t row_count;
};

enum eagre_status eagre_sink_files_writer_open(struct eagre_sink_writer *writer,
                                               struct eagre_error *error);
void eagre_sink_files_writer_close(struct eagre_sink_writer *writer);
enum eagre_status eagre_sink_files_writer_begin(struct eagre_sink_writer *writer, int64_t epoch,
                                                const char *attempt, struct eagre_error *error);
enum eagre_status eagre_sink_files_writer_write(struct eagre_sink_writer *writer,
                                                const struct eagre_batch *batch,
                                                struct eagre_error *error);
enum eagre_status eagre_sink_files_writer_prepare(struct eagre_sink_writer *writer,
                                                  struct eagre_buffer *out_piece,
                                                  struct eagre_error *error);
void eagre_sink_files_writer_abort(struct eagre_sink_writer *writer);

/* {"rows":3,"files":[{"path":"part-...","size":12,"modificationTime":1795125168691,"rows":3}]}:
 * appends the files to *files (in `arena`). UNSAFE SINK_PIECE_CORRUPT. */
enum eagre_status eagre_sink_files_piece_read(struct eagre_text piece, struct eagre_arena *arena,
                                              struct eagre_sink_manifest_file **files,
                                              uint32_t *file_count, struct eagre_error *error);
