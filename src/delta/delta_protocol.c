/* A table feature is one of three for a writer that appends whole files, removes whole files and
 * never changes protocol or metadata behind the back of others:
 *   - it asks nothing of such a writer;
 *   - it asks something only when a property or a column's metadata uses it, which is looked for;
 *   - it is refused. Unknown ones are.
 * Protocol versions below 7 imply features that few tables use; they are judged the same way. */
#include "delta/delta_protocol.h"

#include <stdio.h>

#include "delta/delta_action.h"

enum {
  WRITER_VERSION_LEGACY_MAX = 6,
  WRITER_VERSION_FEATURES = 7,
  READER_VERSION_LEGACY_MAX = 2,
  READER_VERSION_FEATURES = 3,
  CHECKPOINT_INTERVAL_DEFAULT = 10,
};

static const int64_t DAY_MS = INT64_C(24) * 60 * 60 * 1000;
static const int64_t TOMBSTONE_DAYS_DEFAULT = 7;

/* Features that ask nothing as long as the properties below are not set. invariants, generated and
 * identity columns and defaults show in the metadata of columns (delta_schema.c). */
static const char *const harmless_features[] = {
    "appendOnly",       "invariants",      "checkConstraints",  "changeDataFeed",
    "generatedColumns", "identityColumns", "columnMapping",     "allowColumnDefaults",
    "deletionVectors",  "timestampNtz",    "domainMetadata",    "vacuumProtocolCheck",
    "v2Checkpoint",     "clustering",      "inCommitTimestamp", "variantType",
};

/* Properties that ask something of writers which we do not do. */
static const struct {
  const char *key;
  const char *harmless; /* the value that switches it off */
} refused_properties[] = {
    {"delta.columnMapping.mode", "none"},        {"delta.enableRowTracking", "false"},
    {"delta.enableInCommitTimestamps", "false"}, {"delta.enableIcebergCompatV1", "false"},
    {"delta.enableIcebergCompatV2", "false"},
};

static enum eagre_status refuse(struct eagre_error *error, const char *format, const char *detail,
                                size_t size) {
  eagre_error_set(error, EAGRE_UNSAFE, "DELTA_UNSUPPORTED_FEATURES", format, (int)size, detail);
  eagre_error_hint(error, "write to a table of your own, for example one Eagre creates");
  return EAGRE_UNSAFE;
}

/* ---- Protocol -------------------------------------------------------------------------------- */

static bool is_harmless(struct eagre_text feature) {
  for (size_t i = 0; i < EAGRE_COUNT_OF(harmless_features); i++) {
    if (eagre_text_equal_string(feature, harmless_features[i])) return true;
  }
  return false;
}

static bool has_feature(const struct eagre_json_node *protocol, const char *list,
                        const char *feature) {
  const struct eagre_json_node *features = eagre_json_member(protocol, list);
  if (features == NULL || features->kind != EAGRE_JSON_ARRAY) return false;
  for (const struct eagre_json_node *node = features->child; node != NULL; node = node->next) {
    if (eagre_text_equal_string(node->text, feature)) return true;
  }
  return false;
}

static enum eagre_status check_features(const struct eagre_json_node *protocol, const char *list,
                                        struct eagre_error *error) {
  const struct eagre_json_node *features = eagre_json_member(protocol, list);
  if (features == NULL || features->kind != EAGRE_JSON_ARRAY) return EAGRE_OK;
  for (const struct eagre_json_node *node = features->child; node != NULL; node = node->next) {
    if (node->kind == EAGRE_JSON_STRING && is_harmless(node->text)) continue;
    return refuse(error, "the Delta table uses the feature '%.*s', which Eagre does not support",
                  node->text.data, node->text.size);
  }
  return EAGRE_OK;
}

static enum eagre_status check_versions(int64_t reader_version, int64_t writer_version,
                                        struct eagre_error *error) {
  bool is_known = reader_version >= 1 && reader_version <= READER_VERSION_FEATURES &&
                  writer_version >= 1 && writer_version <= WRITER_VERSION_FEATURES;
  if (is_known) return EAGRE_OK;
  char text[64];
  int size = snprintf(text, sizeof text, "reader %lld, writer %lld", (long long)reader_version,
                      (long long)writer_version);
  return refuse(error, "the Delta table has protocol version %.*s, which Eagre does not know", text,
                (size_t)size);
}

/* ---- Properties ------------------------------------------------------------------------------ */

static enum eagre_status check_property(struct eagre_text key, struct eagre_text value,
                                        struct eagre_error *error) {
  if (eagre_text_starts_with(key, EAGRE_TEXT("delta.constraints."))) {
    return refuse(error, "the Delta table has the constraint '%.*s', which Eagre cannot check",
                  key.data, key.size);
  }
  for (size_t i = 0; i < EAGRE_COUNT_OF(refused_properties); i++) {
    if (!eagre_text_equal_string(key, refused_properties[i].key)) continue;
    struct eagre_text harmless = eagre_text_of(refused_properties[i].harmless);
    if (eagre_text_equal_ignoring_case(value, harmless)) continue;
    return refuse(error, "the Delta table has the property '%.*s', which Eagre does not support",
                  key.data, key.size);
  }
  return EAGRE_OK;
}

static struct eagre_text find_property(const struct eagre_json_node *metadata, const char *key) {
  const struct eagre_json_node *properties = eagre_json_member(metadata, "configuration");
  if (properties == NULL || properties->kind != EAGRE_JSON_OBJECT) return (struct eagre_text){0};
  return eagre_delta_member_text(properties, key);
}

bool eagre_delta_interval_read(struct eagre_text text, int64_t *out_ms) {
  static const struct {
    const char *name;
    int64_t ms;
  } units[] = {
      {"millisecond", 1},    {"second", 1000},      {"minute", 60 * 1000},
      {"hour", 3600 * 1000}, {"day", 86400 * 1000}, {"week", 7 * 86400 * 1000},
  };
  char copy[64];
  char unit[32];
  long long count;
  int end = 0;
  if (text.size == 0 || text.size >= sizeof copy) return false;
  memcpy(copy, text.data, text.size);
  copy[text.size] = '\0';
  bool is_read = sscanf(copy, "interval %9lld %31[a-z]%n", &count, unit, &end) == 2;
  if (!is_read || (size_t)end != text.size || count < 0) return false;
  size_t size = strlen(unit);
  if (size > 1 && unit[size - 1] == 's') unit[size - 1] = '\0';
  for (size_t i = 0; i < EAGRE_COUNT_OF(units); i++) {
    if (strcmp(unit, units[i].name) != 0) continue;
    return !__builtin_mul_overflow((int64_t)count, units[i].ms, out_ms);
  }
  return false;
}

static void read_properties(const struct eagre_json_node *metadata,
                            struct eagre_delta_rules *rules) {
  rules->is_append_only = eagre_text_equal_ignoring_case(
      find_property(metadata, "delta.appendOnly"), EAGRE_TEXT("true"));
  struct eagre_text interval = find_property(metadata, "delta.checkpointInterval");
  struct eagre_json_node number = {.kind = EAGRE_JSON_NUMBER, .text = interval};
  int64_t count;
  bool is_count = interval.size > 0 && eagre_json_integer(&number, &count) && count > 0;
  rules->checkpoint_interval = is_count ? count : CHECKPOINT_INTERVAL_DEFAULT;
  struct eagre_text retention = find_property(metadata, "delta.deletedFileRetentionDuration");
  if (!eagre_delta_interval_read(retention, &rules->tombstone_retention_ms)) {
    rules->tombstone_retention_ms = TOMBSTONE_DAYS_DEFAULT * DAY_MS;
  }
}

static enum eagre_status check_format(const struct eagre_json_node *metadata,
                                      struct eagre_error *error) {
  const struct eagre_json_node *format = eagre_json_member(metadata, "format");
  if (format != NULL && format->kind == EAGRE_JSON_OBJECT) {
    struct eagre_text provider = eagre_delta_member_text(format, "provider");
    if (!eagre_text_equal_string(provider, "parquet")) {
      return refuse(error, "the Delta table has files of the format '%.*s'", provider.data,
                    provider.size);
    }
  }
  return EAGRE_OK;
}

static enum eagre_status check_metadata(const struct eagre_json_node *metadata,
                                        struct eagre_error *error) {
  EAGRE_TRY(check_format(metadata, error));
  const struct eagre_json_node *columns = eagre_json_member(metadata, "partitionColumns");
  if (columns->child != NULL) {
    return refuse(error, "the Delta table is partitioned by '%.*s', which Eagre does not support",
                  columns->child->text.data, columns->child->text.size);
  }
  const struct eagre_json_node *properties = eagre_json_member(metadata, "configuration");
  if (properties == NULL || properties->kind != EAGRE_JSON_OBJECT) return EAGRE_OK;
  for (const struct eagre_json_node *node = properties->child; node != NULL; node = node->next) {
    EAGRE_TRY(check_property(node->name, node->text, error));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_delta_protocol_check(const struct eagre_json_node *protocol,
                                             const struct eagre_json_node *metadata,
                                             struct eagre_delta_rules *out_rules,
                                             struct eagre_error *error) {
  int64_t reader_version = 0;
  int64_t writer_version = 0;
  eagre_delta_member_integer(protocol, "minReaderVersion", &reader_version);
  eagre_delta_member_integer(protocol, "minWriterVersion", &writer_version);
  EAGRE_TRY(check_versions(reader_version, writer_version, error));
  EAGRE_TRY(check_features(protocol, "readerFeatures", error));
  EAGRE_TRY(check_features(protocol, "writerFeatures", error));
  EAGRE_TRY(check_metadata(metadata, error));
  *out_rules = (struct eagre_delta_rules){
      .reader_version = (int32_t)reader_version,
      .writer_version = (int32_t)writer_version,
      .has_v2_checkpoints = has_feature(protocol, "writerFeatures", "v2Checkpoint"),
  };
  read_properties(metadata, out_rules);
  return EAGRE_OK;
}

/* ---- For one who only reads ------------------------------------------------------------------ */

/* Features of readers that ask nothing, or whose use shows in the metadata or in an add action. */
static bool is_harmless_to_read(struct eagre_text feature) {
  static const char *const features[] = {"columnMapping", "deletionVectors",     "timestampNtz",
                                         "v2Checkpoint",  "vacuumProtocolCheck", "variantType"};
  for (size_t i = 0; i < EAGRE_COUNT_OF(features); i++) {
    if (eagre_text_equal_string(feature, features[i])) return true;
  }
  return false;
}

static enum eagre_status refuse_reading(struct eagre_error *error, const char *what,
                                        struct eagre_text name) {
  eagre_error_set(error, EAGRE_UNSAFE, "DELTA_UNSUPPORTED_FEATURES_FOR_READ",
                  "the Delta table %s '%.*s', which Eagre cannot read", what, (int)name.size,
                  name.data);
  eagre_error_hint(error, "let Spark write the rows into a table without it");
  return EAGRE_UNSAFE;
}

enum eagre_status eagre_delta_protocol_check_view(const struct eagre_json_node *protocol,
                                                  const struct eagre_json_node *metadata,
                                                  struct eagre_error *error) {
  int64_t version = 0;
  eagre_delta_member_integer(protocol, "minReaderVersion", &version);
  EAGRE_TRY(check_versions(version, 1, error));
  const struct eagre_json_node *features = eagre_json_member(protocol, "readerFeatures");
  bool has_features = features != NULL && features->kind == EAGRE_JSON_ARRAY;
  for (const struct eagre_json_node *node = has_features ? features->child : NULL; node != NULL;
       node = node->next) {
    if (node->kind == EAGRE_JSON_STRING && is_harmless_to_read(node->text)) continue;
    return refuse_reading(error, "uses the feature", node->text);
  }
  struct eagre_text mapping = find_property(metadata, "delta.columnMapping.mode");
  bool is_mapped = mapping.size > 0 && !eagre_text_equal_string(mapping, "none");
  if (is_mapped) return refuse_reading(error, "has column mapping of the mode", mapping);
  return check_format(metadata, error);
}
