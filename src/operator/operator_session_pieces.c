/* Lists of sessions that are about to be merged. */
#include <string.h>

#include "operator/operator_session.h"

void eagre_operator_session_add_piece(struct session_pieces *pieces,
                                      const struct session_piece *piece) {
  if (pieces->count == pieces->capacity) {
    pieces->capacity = pieces->capacity == 0 ? 64 : pieces->capacity * 2;
    pieces->items = eagre_reallocate(pieces->items, pieces->capacity * sizeof *pieces->items);
  }
  pieces->items[pieces->count++] = *piece;
}

static int compare_integers(int64_t a, int64_t b) {
  return (a > b) - (a < b);
}

static int compare_pieces(const void *left, const void *right) {
  const struct session_piece *a = left;
  const struct session_piece *b = right;
  if (a->hash != b->hash) return a->hash < b->hash ? -1 : 1;
  int order = eagre_text_compare(a->key, b->key);
  if (order == 0) order = compare_integers(a->start_us, b->start_us);
  if (order == 0) order = (int)b->is_state - (int)a->is_state;
  if (order == 0) order = compare_integers(a->end_us, b->end_us);
  return order;
}

static bool is_sorted(const struct session_pieces *pieces) {
  for (uint64_t i = 1; i < pieces->count; i++) {
    if (compare_pieces(&pieces->items[i - 1], &pieces->items[i]) > 0) return false;
  }
  return true;
}

static void merge_halves(struct session_piece *items, uint64_t middle, uint64_t count,
                         struct session_piece *room) {
  uint64_t left = 0;
  uint64_t right = middle;
  for (uint64_t i = 0; i < count; i++) {
    bool takes_left =
        right == count || (left < middle && compare_pieces(&items[left], &items[right]) <= 0);
    room[i] = takes_left ? items[left++] : items[right++];
  }
  memcpy(items, room, count * sizeof *items);
}

/* A merge sort: it must be stable. */
static void sort_items(struct session_piece *items, uint64_t count, struct session_piece *room) {
  enum { SMALL = 12 };
  if (count > SMALL) {
    uint64_t middle = count / 2;
    sort_items(items, middle, room);
    sort_items(items + middle, count - middle, room);
    if (compare_pieces(&items[middle - 1], &items[middle]) > 0)
      merge_halves(items, middle, count, room);
    return;
  }
  for (uint64_t i = 1; i < count; i++) {
    struct session_piece piece = items[i];
    uint64_t place = i;
    for (; place > 0 && compare_pieces(&items[place - 1], &piece) > 0; place--) {
      items[place] = items[place - 1];
    }
    items[place] = piece;
  }
}

void eagre_operator_session_sort(struct session_pieces *pieces) {
  if (is_sorted(pieces)) return;
  struct session_piece *room = eagre_allocate(pieces->count * sizeof *room);
  sort_items(pieces->items, pieces->count, room);
  eagre_free(room);
}

uint64_t eagre_operator_session_key_end(const struct session_pieces *pieces, uint64_t begin) {
  const struct session_piece *first = &pieces->items[begin];
  uint64_t end = begin + 1;
  while (end < pieces->count && pieces->items[end].hash == first->hash &&
         eagre_text_equal(pieces->items[end].key, first->key)) {
    end++;
  }
  return end;
}

uint64_t eagre_operator_session_run_end(const struct session_piece *pieces, uint64_t begin,
                                        uint64_t limit, int64_t *out_end_us) {
  uint64_t end = begin + 1;
  *out_end_us = pieces[begin].end_us;
  while (end < limit && pieces[end].start_us <= *out_end_us) {
    if (pieces[end].end_us > *out_end_us) *out_end_us = pieces[end].end_us;
    end++;
  }
  return end;
}
