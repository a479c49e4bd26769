/* LIKE and ILIKE.
 *
 * A pattern becomes a list of pieces: bytes, any one code point (_), any number of them (%). The
 * common forms (no wildcard, one % at an end, one at both) are found while compiling and compared
 * directly; all others by the usual walk that remembers the last %. */
#include <string.h>

#include "expression/expression_bind.h"
#include "expression/expression_functions.h"
#include "expression/expression_text.h"

/* ---- Compiling ------------------------------------------------------------------------------ */

enum piece_kind { PIECE_BYTES, PIECE_ONE, PIECE_MANY };

struct piece {
  enum piece_kind kind;
  uint32_t begin; /* BYTES: of like_state.bytes */
  uint32_t size;
};

enum like_form { LIKE_EQUAL, LIKE_PREFIX, LIKE_SUFFIX, LIKE_CONTAINS, LIKE_GENERAL };

struct like_state {
  bool is_made;
  struct eagre_buffer pattern; /* what was compiled */
  struct eagre_buffer bytes;   /* of the pieces, unescaped */
  struct piece *pieces;
  uint32_t piece_count;
  uint32_t piece_capacity;
  enum like_form form;
};

static void free_state(void *data) {
  struct like_state *state = data;
  eagre_buffer_done(&state->pattern);
  eagre_buffer_done(&state->bytes);
  eagre_free(state->pieces);
  eagre_free(state);
}

static void add_piece(struct like_state *state, enum piece_kind kind) {
  if (state->piece_count == state->piece_capacity) {
    state->piece_capacity = state->piece_capacity == 0 ? 8 : state->piece_capacity * 2;
    state->pieces = eagre_reallocate(state->pieces, state->piece_capacity * sizeof *state->pieces);
  }
  state->pieces[state->piece_count++] = (struct piece){kind, (uint32_t)state->bytes.size, 0};
}

static void add_byte(struct like_state *state, char byte) {
  bool is_open =
      state->piece_count > 0 && state->pieces[state->piece_count - 1].kind == PIECE_BYTES;
  if (!is_open) add_piece(state, PIECE_BYTES);
  eagre_buffer_append_char(&state->bytes, byte);
  state->pieces[state->piece_count - 1].size++;
}

static enum like_form find_form(const struct like_state *state) {
  const struct piece *p = state->pieces;
  uint32_t count = state->piece_count;
  if (count == 0 || (count == 1 && p[0].kind == PIECE_BYTES)) return LIKE_EQUAL;
  if (count == 2 && p[0].kind == PIECE_BYTES && p[1].kind == PIECE_MANY) return LIKE_PREFIX;
  if (count == 2 && p[0].kind == PIECE_MANY && p[1].kind == PIECE_BYTES) return LIKE_SUFFIX;
  bool is_around =
      count == 3 && p[0].kind == PIECE_MANY && p[1].kind == PIECE_BYTES && p[2].kind == PIECE_MANY;
  return is_around ? LIKE_CONTAINS : LIKE_GENERAL;
}

/* NULL when the pattern is right, else the class of what is wrong. An escape character may only
 * stand before a wildcard or itself. */
static const char *compile(struct like_state *state, struct eagre_text pattern,
                           struct eagre_text escape) {
  eagre_buffer_clear(&state->bytes);
  state->piece_count = 0;
  for (size_t at = 0; at < pattern.size;) {
    struct eagre_text rest = {pattern.data + at, pattern.size - at};
    if (escape.size > 0 && eagre_text_starts_with(rest, escape)) {
      at += escape.size;
      if (at == pattern.size) return "INVALID_FORMAT.ESC_AT_THE_END";
      rest = (struct eagre_text){pattern.data + at, pattern.size - at};
      bool is_itself = eagre_text_starts_with(rest, escape);
      if (!is_itself && rest.data[0] != '_' && rest.data[0] != '%') {
        return "INVALID_FORMAT.ESC_IN_THE_MIDDLE";
      }
      size_t size = is_itself ? escape.size : 1;
      for (size_t i = 0; i < size; i++) {
        add_byte(state, pattern.data[at++]);
      }
    } else if (pattern.data[at] == '%') {
      bool is_second =
          state->piece_count > 0 && state->pieces[state->piece_count - 1].kind == PIECE_MANY;
      if (!is_second) add_piece(state, PIECE_MANY);
      at++;
    } else if (pattern.data[at] == '_') {
      add_piece(state, PIECE_ONE);
      at++;
    } else {
      add_byte(state, pattern.data[at++]);
    }
  }
  state->form = find_form(state);
  return NULL;
}

/* ---- Matching ------------------------------------------------------------------------------- */

static struct eagre_text piece_bytes(const struct like_state *state, uint32_t index) {
  const struct piece *piece = &state->pieces[index];
  return (struct eagre_text){state->bytes.data + piece->begin, piece->size};
}

/* Whether piece `index` matches at byte `at`; then *out_at is behind it. */
static bool match_piece(const struct like_state *state, uint32_t index, struct eagre_text text,
                        size_t at, size_t *out_at) {
  if (state->pieces[index].kind == PIECE_ONE) {
    if (at == text.size) return false;
    *out_at = at + eagre_code_point_size((unsigned char)text.data[at]);
    if (*out_at > text.size) *out_at = text.size;
    return true;
  }
  struct eagre_text bytes = piece_bytes(state, index);
  struct eagre_text rest = {text.data + at, text.size - at};
  *out_at = at + bytes.size;
  return eagre_text_starts_with(rest, bytes);
}

/* When a piece does not match, the last % takes one code point more and everything behind it is
 * tried again; an earlier % never has to. */
static bool match_general(const struct like_state *state, struct eagre_text text) {
  uint32_t piece = 0, many_piece = UINT32_MAX;
  size_t at = 0, many_at = 0;
  while (at < text.size || piece < state->piece_count) {
    if (piece < state->piece_count && state->pieces[piece].kind == PIECE_MANY) {
      many_piece = piece++;
      many_at = at;
      continue;
    }
    if (piece < state->piece_count && match_piece(state, piece, text, at, &at)) {
      piece++;
      continue;
    }
    if (many_piece == UINT32_MAX || many_at >= text.size) return false;
    many_at += eagre_code_point_size((unsigned char)text.data[many_at]);
    at = many_at < text.size ? many_at : text.size;
    piece = many_piece + 1;
  }
  return true;
}

static bool match(const struct like_state *state, struct eagre_text text) {
  switch (state->form) {
  case LIKE_EQUAL:
    return eagre_text_equal(text, eagre_buffer_text(&state->bytes));
  case LIKE_PREFIX:
    return eagre_text_starts_with(text, piece_bytes(state, 0));
  case LIKE_SUFFIX:
    return eagre_text_ends_with(text, piece_bytes(state, 1));
  case LIKE_CONTAINS:
    return eagre_text_find(text, piece_bytes(state, 1), 0) >= 0;
  default:
    return match_general(state, text);
  }
}

/* ---- The kernel ----------------------------------------------------------------------------- */

static enum eagre_status use_pattern(struct eagre_kernel_call *call, struct like_state *state,
                                     uint32_t row) {
  struct eagre_text pattern = eagre_kernel_text(call, 1, row);
  if (state->is_made && eagre_text_equal(eagre_buffer_text(&state->pattern), pattern)) {
    return EAGRE_OK;
  }
  const char *class_name = compile(state, pattern, call->node->text);
  state->is_made = class_name == NULL;
  if (class_name != NULL) {
    return eagre_kernel_fail(call, row, class_name,
                             "The format is invalid: '%.*s'. The escape character is not allowed "
                             "there.",
                             (int)(pattern.size < 200 ? pattern.size : 200), pattern.data);
  }
  eagre_buffer_clear(&state->pattern);
  eagre_buffer_append_text(&state->pattern, pattern);
  return EAGRE_OK;
}

static enum eagre_status run_like(struct eagre_kernel_call *call) {
  uint8_t *out = eagre_kernel_out(call);
  if (call->state->data == NULL) {
    call->state->data = eagre_allocate_zeroed(1, sizeof(struct like_state));
    call->state->free = free_state;
  }
  struct like_state *state = call->state->data;
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    EAGRE_TRY(use_pattern(call, state, row));
    eagre_bit_put(out, row, match(state, eagre_kernel_text(call, 0, row)));
  }
  return EAGRE_OK;
}

/* ---- Binding -------------------------------------------------------------------------------- */

/* The third argument: one character, a backslash when it is not written. */
static enum eagre_status read_escape(struct eagre_bind *bind, struct eagre_text *out) {
  *out = EAGRE_TEXT("\\");
  if (bind->argument_count < 3) return EAGRE_OK;
  EAGRE_TRY(eagre_bind_constant_text(bind, 2, "escape", out));
  if (eagre_text_count(*out) != 1) {
    return eagre_bind_fail(bind, bind->arguments[2]->position, "INVALID_ESCAPE_CHAR",
                           "`EscapeChar` should be a string literal of length one, but got %s.",
                           eagre_expression_sql(bind->arena, bind->arguments[2]));
  }
  return EAGRE_OK;
}

/* A literal pattern is checked now; then nothing can fail any more. */
static enum eagre_status check_literal(struct eagre_bind *bind, struct eagre_text escape,
                                       bool *out_is_literal) {
  struct eagre_text pattern;
  *out_is_literal = eagre_expression_is_text(bind->arguments[1], &pattern);
  if (!*out_is_literal) return EAGRE_OK;
  struct like_state *state = eagre_allocate_zeroed(1, sizeof *state);
  const char *class_name = compile(state, pattern, escape);
  free_state(state);
  if (class_name == NULL) return EAGRE_OK;
  return eagre_bind_fail(bind, bind->arguments[1]->position, class_name,
                         "The format is invalid: '%.*s'. The escape character is not allowed "
                         "there.",
                         (int)(pattern.size < 200 ? pattern.size : 200), pattern.data);
}

enum eagre_status eagre_bind_like(struct eagre_bind *bind, struct eagre_expression **out) {
  struct eagre_text escape;
  bool is_literal;
  EAGRE_TRY(eagre_bind_parameter(bind, 0, EAGRE_TYPE_STRING));
  EAGRE_TRY(eagre_bind_parameter(bind, 1, EAGRE_TYPE_STRING));
  EAGRE_TRY(read_escape(bind, &escape));
  EAGRE_TRY(check_literal(bind, escape, &is_literal));
  bind->argument_count = 2;
  *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_BOOLEAN), run_like);
  (*out)->text = eagre_arena_copy_text(bind->arena, escape);
  if (is_literal) eagre_expression_set_safe(*out);
  return EAGRE_OK;
}

/* As Spark: both sides in lower case. A literal pattern is mapped now. */
enum eagre_status eagre_bind_ilike(struct eagre_bind *bind, struct eagre_expression **out) {
  struct eagre_expression *arguments[3];
  for (uint32_t i = 0; i < 2; i++) {
    EAGRE_TRY(eagre_bind_other(bind, "lower", &bind->arguments[i], 1, &arguments[i]));
  }
  struct eagre_text unused;
  if (eagre_expression_is_text(bind->arguments[1], &unused)) {
    struct eagre_vector value;
    EAGRE_TRY(eagre_expression_fold(bind->arena, arguments[1], bind->session, &value, bind->error));
    arguments[1] = eagre_expression_new_text(bind->arena, EAGRE_TYPE_STRING,
                                             *EAGRE_VALUES(struct eagre_text, &value),
                                             bind->arguments[1]->position);
  }
  if (bind->argument_count == 3) arguments[2] = bind->arguments[2];
  return eagre_bind_other(bind, "like", arguments, bind->argument_count, out);
}
