/* What a core has prepared, as prepared/N keeps it. */
#include "sink/sink_delta.h"
#include "json/json.h"

void eagre_sink_delta_piece_print(uint64_t row_count, struct eagre_text actions,
                                  struct eagre_buffer *out) {
  eagre_buffer_printf(out, "{\"rows\":%llu,\"actions\":[", (unsigned long long)row_count);
  for (size_t begin = 0; begin < actions.size;) {
    const char *line = actions.data + begin;
    const char *newline = memchr(line, '\n', actions.size - begin);
    size_t size = newline == NULL ? actions.size - begin : (size_t)(newline - line);
    if (begin > 0) eagre_buffer_append_char(out, ',');
    eagre_buffer_append(out, line, size);
    begin += size + 1;
  }
  eagre_buffer_append_string(out, "]}");
}

static bool read_piece(struct eagre_text piece, struct eagre_arena *arena,
                       struct eagre_buffer *out_actions, uint64_t *row_count) {
  const struct eagre_json_node *root = NULL;
  if (eagre_json_read(arena, piece, &root, NULL) != EAGRE_OK) return false;
  if (root->kind != EAGRE_JSON_OBJECT) return false;
  int64_t rows = 0;
  const struct eagre_json_node *count = eagre_json_member(root, "rows");
  if (count == NULL || !eagre_json_integer(count, &rows) || rows < 0) return false;
  const struct eagre_json_node *actions = eagre_json_member(root, "actions");
  if (actions == NULL || actions->kind != EAGRE_JSON_ARRAY) return false;
  for (const struct eagre_json_node *action = actions->child; action != NULL;
       action = action->next) {
    if (action->kind != EAGRE_JSON_OBJECT) return false;
    eagre_buffer_append_text(out_actions, action->text);
    eagre_buffer_append_char(out_actions, '\n');
  }
  *row_count += (uint64_t)rows;
  return true;
}

enum eagre_status eagre_sink_delta_piece_read(struct eagre_text piece,
                                              struct eagre_buffer *out_actions, uint64_t *row_count,
                                              struct eagre_error *error) {
  struct eagre_arena arena = {0};
  bool is_valid = read_piece(piece, &arena, out_actions, row_count);
  eagre_arena_done(&arena);
  if (is_valid) return EAGRE_OK;
  return eagre_error_set(error, EAGRE_UNSAFE, "SINK_PIECE_CORRUPT",
                         "what a core has prepared for the Delta table cannot be read: %.*s",
                         (int)(piece.size < 100 ? piece.size : 100), piece.data);
}
