/* Reading one commit line by line: strict about what replay needs, blind to everything else. */
#include "delta/delta_action.h"

struct reader {
  struct eagre_arena *arena;
  const char *name;
  uint32_t line; /* from 1 */
  struct eagre_delta_actions *actions;
  const struct eagre_delta_action **next; /* where the next action is linked in */
  struct eagre_error *error;
};

static enum eagre_status refuse(struct reader *reader, const char *what) {
  eagre_error_set(reader->error, EAGRE_UNSAFE, "DELTA_LOG_CORRUPT",
                  "the Delta log cannot be understood: %s", what);
  eagre_error_place(reader->error, "%s:%u", reader->name, reader->line);
  return EAGRE_UNSAFE;
}

/* ---- Members --------------------------------------------------------------------------------- */

struct eagre_text eagre_delta_member_text(const struct eagre_json_node *body, const char *name) {
  const struct eagre_json_node *node = eagre_json_member(body, name);
  if (node == NULL || node->kind != EAGRE_JSON_STRING) return (struct eagre_text){0};
  return node->text;
}

bool eagre_delta_member_integer(const struct eagre_json_node *body, const char *name,
                                int64_t *out_value) {
  const struct eagre_json_node *node = eagre_json_member(body, name);
  if (node == NULL || node->kind != EAGRE_JSON_NUMBER) return false;
  return eagre_json_integer(node, out_value);
}

static bool is_present(const struct eagre_json_node *body, const char *name,
                       enum eagre_json_kind kind) {
  const struct eagre_json_node *node = eagre_json_member(body, name);
  return node != NULL && node->kind == kind;
}

static bool is_flag_set(const struct eagre_json_node *body, const char *name) {
  return is_present(body, name, EAGRE_JSON_TRUE);
}

/* ---- Actions --------------------------------------------------------------------------------- */

static void link_action(struct reader *reader, struct eagre_delta_action action) {
  struct eagre_delta_action *copy = eagre_arena_allocate(reader->arena, sizeof *copy);
  *copy = action;
  *reader->next = copy;
  reader->next = &copy->next;
}

static enum eagre_status read_add(struct reader *reader, const struct eagre_json_node *body) {
  struct eagre_delta_action action = {.kind = EAGRE_DELTA_ADD, .body = body};
  action.key = eagre_delta_member_text(body, "path");
  if (action.key.size == 0) return refuse(reader, "an add without a path");
  if (!eagre_delta_member_integer(body, "size", &action.number) || action.number < 0) {
    return refuse(reader, "an add without a size");
  }
  link_action(reader, action);
  return EAGRE_OK;
}

static enum eagre_status read_remove(struct reader *reader, const struct eagre_json_node *body) {
  struct eagre_delta_action action = {.kind = EAGRE_DELTA_REMOVE, .body = body};
  action.key = eagre_delta_member_text(body, "path");
  if (action.key.size == 0) return refuse(reader, "a remove without a path");
  eagre_delta_member_integer(body, "deletionTimestamp", &action.number);
  link_action(reader, action);
  return EAGRE_OK;
}

static enum eagre_status read_txn(struct reader *reader, const struct eagre_json_node *body) {
  struct eagre_delta_action action = {.kind = EAGRE_DELTA_TXN, .body = body};
  if (!is_present(body, "appId", EAGRE_JSON_STRING))
    return refuse(reader, "a txn without an appId");
  action.key = eagre_delta_member_text(body, "appId");
  if (!eagre_delta_member_integer(body, "version", &action.number)) {
    return refuse(reader, "a txn without a version");
  }
  link_action(reader, action);
  return EAGRE_OK;
}

static enum eagre_status read_domain(struct reader *reader, const struct eagre_json_node *body) {
  struct eagre_delta_action action = {.kind = EAGRE_DELTA_DOMAIN, .body = body};
  action.key = eagre_delta_member_text(body, "domain");
  if (action.key.size == 0) return refuse(reader, "a domainMetadata without a domain");
  action.is_removed = is_flag_set(body, "removed");
  link_action(reader, action);
  return EAGRE_OK;
}

static enum eagre_status read_protocol(struct reader *reader, const struct eagre_json_node *body) {
  int64_t version;
  if (!eagre_delta_member_integer(body, "minReaderVersion", &version) ||
      !eagre_delta_member_integer(body, "minWriterVersion", &version)) {
    return refuse(reader, "a protocol without versions");
  }
  reader->actions->protocol = body;
  return EAGRE_OK;
}

static enum eagre_status read_metadata(struct reader *reader, const struct eagre_json_node *body) {
  if (eagre_delta_member_text(body, "id").size == 0) {
    return refuse(reader, "a metaData without an id");
  }
  if (eagre_delta_member_text(body, "schemaString").size == 0) {
    return refuse(reader, "a metaData without a schemaString");
  }
  if (!is_present(body, "partitionColumns", EAGRE_JSON_ARRAY)) {
    return refuse(reader, "a metaData without partitionColumns");
  }
  reader->actions->metadata = body;
  return EAGRE_OK;
}

static enum eagre_status read_commit_info(struct reader *reader,
                                          const struct eagre_json_node *body) {
  const struct eagre_json_node *ours = eagre_json_member(body, "eagre");
  if (ours != NULL && ours->kind == EAGRE_JSON_OBJECT) {
    reader->actions->attempt = eagre_delta_member_text(ours, "attempt");
  }
  return EAGRE_OK;
}

static const struct {
  const char *name;
  enum eagre_status (*read)(struct reader *reader, const struct eagre_json_node *body);
} actions[] = {
    {"add", read_add},
    {"remove", read_remove},
    {"txn", read_txn},
    {"domainMetadata", read_domain},
    {"protocol", read_protocol},
    {"metaData", read_metadata},
    {"commitInfo", read_commit_info},
};

static enum eagre_status read_line(struct reader *reader, struct eagre_text line) {
  const struct eagre_json_node *root;
  struct eagre_error reason;
  eagre_error_init(&reason);
  if (eagre_json_read(reader->arena, line, &root, &reason) != EAGRE_OK) {
    return refuse(reader, reason.text);
  }
  if (root->kind != EAGRE_JSON_OBJECT) return refuse(reader, "a line that is no JSON object");
  for (size_t i = 0; i < EAGRE_COUNT_OF(actions); i++) {
    const struct eagre_json_node *body = eagre_json_member(root, actions[i].name);
    if (body == NULL || body->kind == EAGRE_JSON_NULL) continue;
    if (body->kind != EAGRE_JSON_OBJECT) return refuse(reader, "an action that is no JSON object");
    EAGRE_TRY(actions[i].read(reader, body));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_delta_actions_read(struct eagre_arena *arena, struct eagre_text content,
                                           const char *name, struct eagre_delta_actions *out,
                                           struct eagre_error *error) {
  *out = (struct eagre_delta_actions){0};
  struct reader reader = {
      .arena = arena, .name = name, .actions = out, .next = &out->first, .error = error};
  while (content.size > 0) {
    const char *newline = memchr(content.data, '\n', content.size);
    size_t size = newline == NULL ? content.size : (size_t)(newline - content.data);
    struct eagre_text line = eagre_text_trim(eagre_text_make(content.data, size));
    reader.line++;
    if (line.size > 0) EAGRE_TRY(read_line(&reader, line));
    size_t used = newline == NULL ? size : size + 1;
    content = eagre_text_make(content.data + used, content.size - used);
  }
  return EAGRE_OK;
}

/* ---- Paths ----------------------------------------------------------------------------------- */

static int read_digit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

struct eagre_text eagre_delta_path_decode(struct eagre_arena *arena, struct eagre_text path) {
  char *decoded = eagre_arena_allocate(arena, path.size);
  size_t size = 0;
  for (size_t i = 0; i < path.size; i++) {
    bool is_escape = path.data[i] == '%' && i + 2 < path.size &&
                     read_digit(path.data[i + 1]) >= 0 && read_digit(path.data[i + 2]) >= 0;
    if (is_escape) {
      decoded[size++] = (char)(read_digit(path.data[i + 1]) << 4 | read_digit(path.data[i + 2]));
      i += 2;
    } else {
      decoded[size++] = path.data[i];
    }
  }
  return eagre_text_make(decoded, size);
}
