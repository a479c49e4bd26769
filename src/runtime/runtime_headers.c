/* Headers of messages (runtime_headers.h). */
#include "runtime/runtime_headers.h"

void eagre_runtime_headers_make(struct eagre_vector *lists, uint32_t count_max,
                                struct eagre_arena *arena) {
  struct eagre_vector *pairs = lists->children;
  eagre_vector_init(pairs, pairs->type, count_max, arena);
}

void eagre_runtime_headers_begin(struct eagre_vector *lists, uint32_t row) {
  lists->offsets[row + 1] = lists->offsets[row];
}

void eagre_runtime_header_add(struct eagre_vector *lists, uint32_t row, const char *name,
                              struct eagre_text value, struct eagre_arena *arena) {
  struct eagre_text *names = lists->children->children[0].data;
  struct eagre_text *values = lists->children->children[1].data;
  int32_t *end = &lists->offsets[row + 1];
  names[*end] = eagre_text_of(name);
  values[*end] = eagre_arena_copy_text(arena, value);
  *end += 1;
}
