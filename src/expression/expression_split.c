/* split and str_to_map. */
#include <string.h>

#include "expression/expression_functions.h"
#include "expression/expression_list.h"
#include "expression/expression_regex.h"
#include "expression/expression_text.h"

/* ---- split ----------------------------------------------------------------------------------- */

enum eagre_status eagre_bind_split(struct eagre_bind *bind, struct eagre_expression **out) {
  bool is_literal;
  EAGRE_TRY(eagre_bind_parameter(bind, 0, EAGRE_TYPE_STRING));
  EAGRE_TRY(eagre_bind_parameter(bind, 1, EAGRE_TYPE_STRING));
  if (bind->argument_count > 2) EAGRE_TRY(eagre_bind_parameter(bind, 2, EAGRE_TYPE_INT));
  EAGRE_TRY(eagre_regex_check_literal(bind, 1, &is_literal));
  const struct eagre_type *text = eagre_type_of(EAGRE_TYPE_STRING);
  *out = eagre_bind_call(bind, eagre_type_array(bind->arena, text), eagre_kernel_split);
  return EAGRE_OK;
}

static void put_part(struct eagre_text_list *parts, struct eagre_text text, size_t begin,
                     size_t end) {
  eagre_text_list_put(parts, eagre_text_make(text.data + begin, end - begin));
}

/* An empty pattern cuts between characters. */
static void split_characters(struct eagre_text_list *parts, struct eagre_text text, int32_t limit) {
  int32_t count = 0;
  for (size_t at = 0; at < text.size;) {
    size_t size = eagre_code_point_size((unsigned char)text.data[at]);
    if (size > text.size - at) size = text.size - at;
    if (++count == limit) size = text.size - at;
    put_part(parts, text, at, at + size);
    at += size;
  }
}

/* As Java: a match of nothing at the beginning cuts nothing off. */
static enum eagre_status split_row(struct eagre_kernel_call *call, uint32_t row, int32_t limit,
                                   struct eagre_text_list *parts) {
  struct eagre_text text = eagre_kernel_text(call, 0, row);
  struct eagre_regex *regex;
  if (eagre_kernel_text(call, 1, row).size == 0 && text.size > 0) {
    split_characters(parts, text, limit);
    return EAGRE_OK;
  }
  EAGRE_TRY(eagre_regex_use(call, 1, row, &regex));
  size_t part_begin = 0;
  int32_t count = 1;
  for (size_t from = 0; from <= text.size && count != limit;) {
    bool is_found;
    size_t begin = 0, end = 0;
    EAGRE_TRY(eagre_regex_find(call, regex, row, text, from, &is_found));
    if (!is_found || !eagre_regex_group(regex, 0, &begin, &end)) break;
    bool is_empty = begin == end;
    if (!(is_empty && (end == 0 || begin >= text.size))) {
      put_part(parts, text, part_begin, begin);
      part_begin = end;
      count++;
    }
    from = end;
    if (is_empty) {
      from = end >= text.size ? text.size + 1
                              : end + eagre_code_point_size((unsigned char)text.data[end]);
    }
  }
  put_part(parts, text, part_begin, text.size);
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_split(struct eagre_kernel_call *call) {
  struct eagre_text_list parts;
  eagre_text_list_begin(&parts, call);
  enum eagre_status status = EAGRE_OK;
  for (uint32_t row = 0; row < call->row_count && status == EAGRE_OK; row++) {
    int32_t limit = call->node->argument_count > 2 ? EAGRE_ARGUMENT(int32_t, call, 2, row) : -1;
    if (eagre_kernel_is_live(call, row)) status = split_row(call, row, limit, &parts);
    eagre_text_list_end_row(&parts, row);
  }
  eagre_text_list_finish(&parts);
  return status;
}

/* ---- str_to_map ------------------------------------------------------------------------------ */

/* Beyond the numbers of variables that a user's lambdas get. */
enum { OWN_VARIABLE = 1 << 20 };

/* transform(pairs, x -> get(split(x, separator, 2), place)) */
static enum eagre_status take_halves(struct eagre_bind *bind, struct eagre_expression *pairs,
                                     struct eagre_expression *separator, int32_t place,
                                     struct eagre_expression **out) {
  const int32_t two = 2;
  const struct eagre_type *text = eagre_type_of(EAGRE_TYPE_STRING);
  struct eagre_expression *variable = eagre_expression_variable(bind->arena, OWN_VARIABLE, text,
                                                                EAGRE_TEXT("pair"), bind->position);
  struct eagre_expression *split[] = {
      variable, separator,
      eagre_expression_new_literal(bind->arena, EAGRE_TYPE_INT, &two, bind->position)};
  struct eagre_expression *get[] = {
      NULL, eagre_expression_new_literal(bind->arena, EAGRE_TYPE_INT, &place, bind->position)};
  struct eagre_expression *transform[] = {pairs, NULL};
  EAGRE_TRY(eagre_bind_other(bind, "split", split, 3, &get[0]));
  EAGRE_TRY(eagre_bind_other(bind, "get", get, 2, &transform[1]));
  transform[1] = eagre_expression_lambda(bind->arena, transform[1], &variable, 1, bind->position);
  return eagre_bind_other(bind, "transform", transform, 2, out);
}

/* map_from_arrays over the halves of what split makes. */
enum eagre_status eagre_bind_str_to_map(struct eagre_bind *bind, struct eagre_expression **out) {
  struct eagre_expression *arguments[3];
  static const char *const defaults[] = {"", ",", ":"};
  for (uint32_t i = 0; i < 3; i++) {
    if (i < bind->argument_count) {
      EAGRE_TRY(eagre_bind_parameter(bind, i, EAGRE_TYPE_STRING));
      arguments[i] = bind->arguments[i];
    } else {
      arguments[i] = eagre_expression_new_text(bind->arena, EAGRE_TYPE_STRING,
                                               eagre_text_of(defaults[i]), bind->position);
    }
  }
  struct eagre_expression *pairs, *halves[2];
  EAGRE_TRY(eagre_bind_other(bind, "split", arguments, 2, &pairs));
  EAGRE_TRY(take_halves(bind, pairs, arguments[2], 0, &halves[0]));
  EAGRE_TRY(take_halves(bind, pairs, arguments[2], 1, &halves[1]));
  return eagre_bind_other(bind, "map_from_arrays", halves, 2, out);
}
