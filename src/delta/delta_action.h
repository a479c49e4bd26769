/* One commit of the log, read: a line of JSON per action. Unknown actions and members are ignored,
 * blank lines and a missing last newline are fine. Everything points into the arena it was read
 * with. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "json/json.h"

enum eagre_delta_action_kind {
  EAGRE_DELTA_ADD,
  EAGRE_DELTA_REMOVE,
  EAGRE_DELTA_TXN,
  EAGRE_DELTA_DOMAIN,
};

struct eagre_delta_action {
  enum eagre_delta_action_kind kind;
  struct eagre_text key;              /* path, appId or domain */
  int64_t number;                     /* ADD: size; REMOVE: deletionTimestamp or 0; TXN: version */
  bool is_removed;                    /* DOMAIN: the domain ends here */
  const struct eagre_json_node *body; /* the object below the action's name */
  const struct eagre_delta_action *next;
};

struct eagre_delta_actions {
  const struct eagre_json_node *protocol; /* NULL when the commit has none */
  const struct eagre_json_node *metadata;
  struct eagre_text attempt;              /* commitInfo.eagre.attempt, or empty */
  const struct eagre_delta_action *first; /* the others, in order */
};

/* `name` is the file's, for error places. UNSAFE DELTA_LOG_CORRUPT: a line that is no JSON object,
 * a known action without what it must have. */
enum eagre_status eagre_delta_actions_read(struct eagre_arena *arena, struct eagre_text content,
                                           const char *name, struct eagre_delta_actions *out,
                                           struct eagre_error *error);

/* The path of an add or remove as a file system has it: %20 becomes a space. */
struct eagre_text eagre_delta_path_decode(struct eagre_arena *arena, struct eagre_text path);

/* Members of an action's body; false or empty when absent, null or of another kind. */
struct eagre_text eagre_delta_member_text(const struct eagre_json_node *body, const char *name);
bool eagre_delta_member_integer(const struct eagre_json_node *body, const char *name,
                                int64_t *out_value);
