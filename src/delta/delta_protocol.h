/* What a table asks of its writers, and whether we can do it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "json/json.h"

/* What of the protocol and the properties changes what we do. */
struct eagre_delta_rules {
  int32_t reader_version;
  int32_t writer_version;
  bool is_append_only;
  bool has_v2_checkpoints;
  int64_t checkpoint_interval;
  int64_t tombstone_retention_ms;
};

/* Checks the bodies of a protocol and a metaData action. UNSAFE DELTA_UNSUPPORTED_FEATURES names
 * what we cannot do. */
enum eagre_status eagre_delta_protocol_check(const struct eagre_json_node *protocol,
                                             const struct eagre_json_node *metadata,
                                             struct eagre_delta_rules *out_rules,
                                             struct eagre_error *error);

/* The same for one who only reads. */
enum eagre_status eagre_delta_protocol_check_view(const struct eagre_json_node *protocol,
                                                  const struct eagre_json_node *metadata,
                                                  struct eagre_error *error);

/* Milliseconds of "interval 7 days", "interval 30 minutes"; false when it is something else. */
bool eagre_delta_interval_read(struct eagre_text text, int64_t *out_ms);
