/* Checkpoints of the log: one Parquet row per action that still counts, in the classic layout.
 *
 * Rows are made straight from the JSON of the actions: a column of the checkpoint is the member of
 * that name, a map an object, a list an array; what is missing or of another kind is NULL. */
#include <inttypes.h>

#include "delta/delta_checkpoint.h"
#include "parquet/parquet.h"
#include "json/json.h"

enum { BATCH_ROW_COUNT = 1024 };

/* ---- The columns ----------------------------------------------------------------------------- */

#define FIELD(name, type)                                                                          \
  { {name, sizeof(name) - 1}, &type##_type, true }
#define CONTAINER(type_kind, type_fields)                                                          \
  { .kind = (type_kind), .field_count = EAGRE_COUNT_OF(type_fields), .fields = (type_fields) }

static const struct eagre_type text_type = {.kind = EAGRE_TYPE_STRING};
static const struct eagre_type flag_type = {.kind = EAGRE_TYPE_BOOLEAN};
static const struct eagre_type integer_type = {.kind = EAGRE_TYPE_INT};
static const struct eagre_type long_type = {.kind = EAGRE_TYPE_BIGINT};

static const struct eagre_field text_list_fields[] = {FIELD("element", text)};
static const struct eagre_type text_list_type = CONTAINER(EAGRE_TYPE_ARRAY, text_list_fields);
static const struct eagre_field text_map_fields[] = {FIELD("key", text), FIELD("value", text)};
static const struct eagre_type text_map_type = CONTAINER(EAGRE_TYPE_MAP, text_map_fields);

static const struct eagre_field txn_fields[] = {
    FIELD("appId", text),
    FIELD("version", long),
    FIELD("lastUpdated", long),
};
static const struct eagre_type txn_type = CONTAINER(EAGRE_TYPE_STRUCT, txn_fields);

/* Some readers want this column even where it is always NULL. */
static const struct eagre_field deletion_vector_fields[] = {
    FIELD("storageType", text),    FIELD("pathOrInlineDv", text), FIELD("offset", integer),
    FIELD("sizeInBytes", integer), FIELD("cardinality", long),    FIELD("maxRowIndex", long),
};
static const struct eagre_type deletion_vector_type =
    CONTAINER(EAGRE_TYPE_STRUCT, deletion_vector_fields);

static const struct eagre_field add_fields[] = {
    FIELD("path", text),
    FIELD("partitionValues", text_map),
    FIELD("size", long),
    FIELD("modificationTime", long),
    FIELD("dataChange", flag),
    FIELD("tags", text_map),
    FIELD("deletionVector", deletion_vector),
    FIELD("baseRowId", long),
    FIELD("defaultRowCommitVersion", long),
    FIELD("clusteringProvider", text),
    FIELD("stats", text),
};
static const struct eagre_type add_type = CONTAINER(EAGRE_TYPE_STRUCT, add_fields);

static const struct eagre_field remove_fields[] = {
    FIELD("path", text),
    FIELD("deletionTimestamp", long),
    FIELD("dataChange", flag),
    FIELD("extendedFileMetadata", flag),
    FIELD("partitionValues", text_map),
    FIELD("size", long),
    FIELD("deletionVector", deletion_vector),
    FIELD("baseRowId", long),
    FIELD("defaultRowCommitVersion", long),
};
static const struct eagre_type remove_type = CONTAINER(EAGRE_TYPE_STRUCT, remove_fields);

static const struct eagre_field format_fields[] = {
    FIELD("provider", text),
    FIELD("options", text_map),
};
static const struct eagre_type format_type = CONTAINER(EAGRE_TYPE_STRUCT, format_fields);

static const struct eagre_field metadata_fields[] = {
    FIELD("id", text),
    FIELD("name", text),
    FIELD("description", text),
    FIELD("format", format),
    FIELD("schemaString", text),
    FIELD("partitionColumns", text_list),
    FIELD("configuration", text_map),
    FIELD("createdTime", long),
};
static const struct eagre_type metadata_type = CONTAINER(EAGRE_TYPE_STRUCT, metadata_fields);

static const struct eagre_field protocol_fields[] = {
    FIELD("minReaderVersion", integer),
    FIELD("minWriterVersion", integer),
    FIELD("readerFeatures", text_list),
    FIELD("writerFeatures", text_list),
};
static const struct eagre_type protocol_type = CONTAINER(EAGRE_TYPE_STRUCT, protocol_fields);

static const struct eagre_field domain_fields[] = {
    FIELD("domain", text),
    FIELD("configuration", text),
    FIELD("removed", flag),
};
static const struct eagre_type domain_type = CONTAINER(EAGRE_TYPE_STRUCT, domain_fields);

/* Of checkpoints of version 2, which we read and do not write. */
static const struct eagre_field sidecar_fields[] = {FIELD("path", text)};
static const struct eagre_type sidecar_type = CONTAINER(EAGRE_TYPE_STRUCT, sidecar_fields);

enum column {
  COLUMN_TXN,
  COLUMN_ADD,
  COLUMN_REMOVE,
  COLUMN_METADATA,
  COLUMN_PROTOCOL,
  COLUMN_DOMAIN,
  COLUMN_count,
  COLUMN_SIDECAR = COLUMN_count,
};
static const struct eagre_field checkpoint_fields[] = {
    [COLUMN_TXN] = FIELD("txn", txn),
    [COLUMN_ADD] = FIELD("add", add),
    [COLUMN_REMOVE] = FIELD("remove", remove),
    [COLUMN_METADATA] = FIELD("metaData", metadata),
    [COLUMN_PROTOCOL] = FIELD("protocol", protocol),
    [COLUMN_DOMAIN] = FIELD("domainMetadata", domain),
    [COLUMN_SIDECAR] = FIELD("sidecar", sidecar),
};
/* What is written. */
static const struct eagre_type checkpoint_type = {
    .kind = EAGRE_TYPE_STRUCT, .field_count = COLUMN_count, .fields = checkpoint_fields};
const struct eagre_type eagre_delta_checkpoint_type =
    CONTAINER(EAGRE_TYPE_STRUCT, checkpoint_fields);

/* ---- From JSON to columns -------------------------------------------------------------------- */

typedef const struct eagre_json_node *node_pointer;

static bool has_kind(const struct eagre_type *type, node_pointer node) {
  switch (type->kind) {
  case EAGRE_TYPE_STRUCT:
  case EAGRE_TYPE_MAP:
    return node->kind == EAGRE_JSON_OBJECT;
  case EAGRE_TYPE_ARRAY:
    return node->kind == EAGRE_JSON_ARRAY;
  case EAGRE_TYPE_STRING:
    return node->kind == EAGRE_JSON_STRING;
  case EAGRE_TYPE_BOOLEAN:
    return node->kind == EAGRE_JSON_TRUE || node->kind == EAGRE_JSON_FALSE;
  default:
    return node->kind == EAGRE_JSON_NUMBER;
  }
}

static void fill_value(struct eagre_vector *vector, uint32_t row, node_pointer node) {
  int64_t number = 0;
  switch (vector->type->kind) {
  case EAGRE_TYPE_STRING:
    EAGRE_VALUES(struct eagre_text, vector)[row] = node->text;
    return;
  case EAGRE_TYPE_BOOLEAN:
    eagre_bit_put(vector->data, row, node->kind == EAGRE_JSON_TRUE);
    return;
  case EAGRE_TYPE_INT:
    eagre_json_integer(node, &number);
    EAGRE_VALUES(int32_t, vector)[row] = (int32_t)number;
    return;
  default:
    eagre_json_integer(node, &number);
    EAGRE_VALUES(int64_t, vector)[row] = number;
  }
}

static void fill_vector(struct eagre_arena *arena, struct eagre_vector *out,
                        const struct eagre_type *type, node_pointer *nodes, uint32_t count);

static void fill_struct(struct eagre_arena *arena, struct eagre_vector *vector, node_pointer *nodes,
                        uint32_t count) {
  const struct eagre_type *type = vector->type;
  vector->children = eagre_arena_allocate(arena, type->field_count * sizeof *vector->children);
  node_pointer *children = eagre_arena_allocate(arena, count * sizeof(node_pointer));
  for (uint32_t field = 0; field < type->field_count; field++) {
    const char *name = type->fields[field].name.data;
    for (uint32_t i = 0; i < count; i++) {
      children[i] = nodes[i] == NULL ? NULL : eagre_json_member(nodes[i], name);
    }
    fill_vector(arena, &vector->children[field], type->fields[field].type, children, count);
  }
}

static uint32_t fill_offsets(struct eagre_vector *vector, node_pointer *nodes, uint32_t count) {
  uint32_t total = 0;
  for (uint32_t i = 0; i < count; i++) {
    vector->offsets[i] = (int32_t)total;
    if (nodes[i] == NULL) continue;
    for (node_pointer child = nodes[i]->child; child != NULL; child = child->next) {
      total++;
    }
  }
  vector->offsets[count] = (int32_t)total;
  return total;
}

static void fill_keys(struct eagre_arena *arena, struct eagre_vector *out,
                      const struct eagre_type *type, node_pointer *nodes, uint32_t count) {
  eagre_vector_init(out, type, count, arena);
  for (uint32_t i = 0; i < count; i++) {
    EAGRE_VALUES(struct eagre_text, out)[i] = nodes[i]->name;
  }
}

/* The values of a MAP are the members of its objects, their names are the keys. */
static void fill_repeated(struct eagre_arena *arena, struct eagre_vector *vector,
                          node_pointer *nodes, uint32_t count) {
  const struct eagre_type *type = vector->type;
  vector->offsets = eagre_arena_allocate_vector(arena, (count + 1) * sizeof *vector->offsets);
  uint32_t total = fill_offsets(vector, nodes, count);
  node_pointer *children = eagre_arena_allocate(arena, total * sizeof(node_pointer));
  uint32_t next = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (nodes[i] == NULL) continue;
    for (node_pointer child = nodes[i]->child; child != NULL; child = child->next) {
      children[next++] = child;
    }
  }
  vector->children = eagre_arena_allocate(arena, type->field_count * sizeof *vector->children);
  struct eagre_vector *values = &vector->children[type->field_count - 1];
  if (type->kind == EAGRE_TYPE_MAP) {
    fill_keys(arena, &vector->children[0], type->fields[0].type, children, total);
  }
  /* Last: it turns nodes of another kind into NULL. */
  fill_vector(arena, values, type->fields[type->field_count - 1].type, children, total);
}

/* Makes `out` from `count` nodes; NULL and nodes of another kind are NULL rows, and become NULL in
 * `nodes`. */
static void fill_vector(struct eagre_arena *arena, struct eagre_vector *out,
                        const struct eagre_type *type, node_pointer *nodes, uint32_t count) {
  bool is_primitive = type->field_count == 0;
  if (is_primitive) {
    eagre_vector_init(out, type, count, arena);
  } else {
    *out = (struct eagre_vector){.type = type};
  }
  for (uint32_t i = 0; i < count; i++) {
    if (nodes[i] != NULL && has_kind(type, nodes[i])) {
      if (is_primitive) fill_value(out, i, nodes[i]);
      continue;
    }
    nodes[i] = NULL;
    eagre_vector_set_null(out, i, count, arena);
    if (type->kind == EAGRE_TYPE_STRING) {
      EAGRE_VALUES(struct eagre_text, out)[i] = (struct eagre_text){0};
    }
  }
  if (type->kind == EAGRE_TYPE_STRUCT) {
    fill_struct(arena, out, nodes, count);
  } else if (!is_primitive) {
    fill_repeated(arena, out, nodes, count);
  }
}

/* ---- Rows ------------------------------------------------------------------------------------ */

struct checkpoint {
  struct eagre_parquet_writer *writer;
  struct eagre_arena arena; /* of the rows collected */
  uint32_t row_count;
  enum column columns[BATCH_ROW_COUNT];
  node_pointer nodes[BATCH_ROW_COUNT];
};

/* A checkpoint is a state, not a change. */
static void clear_data_change(struct checkpoint *checkpoint, struct eagre_vector *vector) {
  int field = eagre_type_find_field(vector->type, EAGRE_TEXT("dataChange"), false);
  memset(vector->children[field].data, 0, eagre_bits_size(checkpoint->row_count));
}

static enum eagre_status write_rows(struct checkpoint *checkpoint, struct eagre_error *error) {
  if (checkpoint->row_count == 0) return EAGRE_OK;
  struct eagre_vector columns[COLUMN_count];
  for (int column = 0; column < COLUMN_count; column++) {
    node_pointer nodes[BATCH_ROW_COUNT];
    for (uint32_t i = 0; i < checkpoint->row_count; i++) {
      nodes[i] = checkpoint->columns[i] == (enum column)column ? checkpoint->nodes[i] : NULL;
    }
    fill_vector(&checkpoint->arena, &columns[column], checkpoint_fields[column].type, nodes,
                checkpoint->row_count);
  }
  clear_data_change(checkpoint, &columns[COLUMN_ADD]);
  clear_data_change(checkpoint, &columns[COLUMN_REMOVE]);
  enum eagre_status status =
      eagre_parquet_writer_write(checkpoint->writer, columns, checkpoint->row_count, error);
  checkpoint->row_count = 0;
  eagre_arena_reset(&checkpoint->arena);
  return status;
}

static enum eagre_status add_row(struct checkpoint *checkpoint, enum column column,
                                 struct eagre_text body, struct eagre_error *error) {
  uint32_t row = checkpoint->row_count;
  EAGRE_TRY(eagre_json_read(&checkpoint->arena, body, &checkpoint->nodes[row], error));
  checkpoint->columns[row] = column;
  checkpoint->row_count++;
  return checkpoint->row_count < BATCH_ROW_COUNT ? EAGRE_OK : write_rows(checkpoint, error);
}

static enum eagre_status add_rows(struct checkpoint *checkpoint, enum column column,
                                  const struct eagre_delta_map *map, struct eagre_error *error) {
  uint32_t position = 0;
  const struct eagre_delta_entry *entry;
  while ((entry = eagre_delta_map_next(map, &position)) != NULL) {
    EAGRE_TRY(add_row(checkpoint, column, entry->content, error));
  }
  return EAGRE_OK;
}

static enum eagre_status add_all(struct checkpoint *checkpoint,
                                 const struct eagre_delta_snapshot *snapshot,
                                 struct eagre_error *error) {
  EAGRE_TRY(add_row(checkpoint, COLUMN_PROTOCOL, snapshot->protocol, error));
  EAGRE_TRY(add_row(checkpoint, COLUMN_METADATA, snapshot->metadata, error));
  EAGRE_TRY(add_rows(checkpoint, COLUMN_TXN, &snapshot->txns, error));
  EAGRE_TRY(add_rows(checkpoint, COLUMN_DOMAIN, &snapshot->domains, error));
  EAGRE_TRY(add_rows(checkpoint, COLUMN_ADD, &snapshot->files, error));
  EAGRE_TRY(add_rows(checkpoint, COLUMN_REMOVE, &snapshot->tombstones, error));
  return write_rows(checkpoint, error);
}

/* ---- Files ----------------------------------------------------------------------------------- */

static enum eagre_status write_parquet(struct eagre_delta_table *table,
                                       struct checkpoint *checkpoint, const char *path,
                                       uint64_t *out_size, struct eagre_error *error) {
  struct eagre_parquet_options options;
  eagre_parquet_options_init(&options);
  enum eagre_status status = eagre_parquet_writer_open(table->io, path, &checkpoint_type, &options,
                                                       &checkpoint->writer, error);
  if (status == EAGRE_OK) status = add_all(checkpoint, &table->snapshot, error);
  if (status == EAGRE_OK) {
    status = eagre_parquet_writer_finish(checkpoint->writer, out_size, error);
  }
  eagre_parquet_writer_free(checkpoint->writer);
  eagre_arena_done(&checkpoint->arena);
  return status;
}

/* Publishes the finished file. Spark leaves Hadoop's checksums beside its files and refuses a file
 * that does not fit them: ours have none, so one that is there is of a file we replace. */
static enum eagre_status publish(struct eagre_delta_table *table, const char *temporary,
                                 const char *final, const char *checksum,
                                 struct eagre_error *error) {
  EAGRE_TRY(eagre_io_remove_files(table->io, &checksum, 1, error));
  EAGRE_TRY(eagre_io_rename(table->io, temporary, final, error));
  return eagre_io_sync_directory(
      table->io, eagre_store_path(table->store, "_delta_log", &table->arena), error);
}

static enum eagre_status write_last_checkpoint(struct eagre_delta_table *table,
                                               uint64_t action_count, uint64_t size,
                                               struct eagre_error *error) {
  const char *checksum =
      eagre_store_path(table->store, "_delta_log/._last_checkpoint.crc", &table->arena);
  EAGRE_TRY(eagre_io_remove_files(table->io, &checksum, 1, error));
  struct eagre_text content = eagre_arena_printf(
      &table->arena,
      "{\"version\":%" PRId64 ",\"size\":%" PRIu64 ",\"sizeInBytes\":%" PRIu64
      ",\"numOfAddFiles\":%" PRIu32 "}",
      table->snapshot.version, action_count, size, table->snapshot.files.live_count);
  return eagre_store_put(table->store, "_delta_log/_last_checkpoint", content, error);
}

static enum eagre_status write_checkpoint(struct eagre_delta_table *table,
                                          struct eagre_error *error) {
  const char *log = eagre_store_path(table->store, "_delta_log", &table->arena);
  char uuid[EAGRE_UUID_SIZE];
  eagre_uuid_make(uuid);
  const char *name = eagre_arena_printf(&table->arena, "%020" PRId64 ".checkpoint.parquet",
                                        table->snapshot.version)
                         .data;
  const char *temporary = eagre_arena_printf(&table->arena, "%s/.%s.%s.tmp", log, name, uuid).data;
  const char *final = eagre_arena_printf(&table->arena, "%s/%s", log, name).data;
  const char *checksum = eagre_arena_printf(&table->arena, "%s/.%s.crc", log, name).data;
  const struct eagre_delta_snapshot *snapshot = &table->snapshot;
  uint64_t action_count = 2 + (uint64_t)snapshot->txns.live_count + snapshot->domains.live_count +
                          snapshot->files.live_count + snapshot->tombstones.live_count;
  uint64_t size;
  struct checkpoint *checkpoint = eagre_allocate_zeroed(1, sizeof *checkpoint);
  enum eagre_status status = write_parquet(table, checkpoint, temporary, &size, error);
  eagre_free(checkpoint);
  if (status != EAGRE_OK) return status;
  status = publish(table, temporary, final, checksum, error);
  if (status != EAGRE_OK) {
    struct eagre_error ignored; /* the failure above is the one to tell */
    (void)eagre_io_remove_files(table->io, &temporary, 1, &ignored);
    return status;
  }
  return write_last_checkpoint(table, action_count, size, error);
}

enum eagre_status eagre_delta_checkpoint_write(struct eagre_delta_table *table, int64_t now_ms,
                                               struct eagre_error *error) {
  eagre_delta_snapshot_expire(&table->snapshot, now_ms);
  struct eagre_arena_mark mark = eagre_arena_mark(&table->arena);
  enum eagre_status status = write_checkpoint(table, error);
  eagre_arena_rewind(&table->arena, mark);
  return status;
}
