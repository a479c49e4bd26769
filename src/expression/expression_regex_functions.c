/* rlike, regexp_extract, regexp_extract_all, regexp_replace, regexp_count, regexp_substr,
 * regexp_instr. */
#include <string.h>

#include "expression/expression_bind.h"
#include "expression/expression_functions.h"
#include "expression/expression_list.h"
#include "expression/expression_regex.h"
#include "expression/expression_text.h"

/* Where the search for the next match begins: behind this one, one code point further when it was
 * empty. Beyond the size of the subject there is no next one. */
static size_t find_next_start(struct eagre_text subject, size_t begin, size_t end) {
  if (end > begin) return end;
  if (end >= subject.size) return subject.size + 1;
  return end + eagre_code_point_size((unsigned char)subject.data[end]);
}

/* ---- Binding -------------------------------------------------------------------------------- */

/* Two texts, the second a pattern; the call fails only when the pattern is not a literal or the
 * search is given up. */
static enum eagre_status bind_search(struct eagre_bind *bind, enum eagre_type_kind result,
                                     eagre_kernel_fn *kernel, struct eagre_expression **out) {
  bool is_literal;
  EAGRE_TRY(eagre_bind_parameter(bind, 0, EAGRE_TYPE_STRING));
  EAGRE_TRY(eagre_bind_parameter(bind, 1, EAGRE_TYPE_STRING));
  EAGRE_TRY(eagre_regex_check_literal(bind, 1, &is_literal));
  *out = eagre_bind_call(bind, eagre_type_of(result), kernel);
  return EAGRE_OK;
}

/* ---- rlike, regexp_count, regexp_instr ------------------------------------------------------ */

static enum eagre_status run_rlike(struct eagre_kernel_call *call) {
  uint8_t *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    struct eagre_regex *regex;
    bool is_found;
    if (!eagre_kernel_is_live(call, row)) continue;
    EAGRE_TRY(eagre_regex_use(call, 1, row, &regex));
    EAGRE_TRY(eagre_regex_find(call, regex, row, eagre_kernel_text(call, 0, row), 0, &is_found));
    eagre_bit_put(out, row, is_found);
  }
  return EAGRE_OK;
}

enum eagre_status eagre_bind_rlike(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_search(bind, EAGRE_TYPE_BOOLEAN, run_rlike, out);
}

static enum eagre_status run_count(struct eagre_kernel_call *call) {
  int32_t *out = eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    struct eagre_regex *regex;
    if (!eagre_kernel_is_live(call, row)) continue;
    struct eagre_text subject = eagre_kernel_text(call, 0, row);
    EAGRE_TRY(eagre_regex_use(call, 1, row, &regex));
    for (size_t from = 0; from <= subject.size;) {
      bool is_found;
      size_t begin = 0, end = 0;
      EAGRE_TRY(eagre_regex_find(call, regex, row, subject, from, &is_found));
      if (!is_found || !eagre_regex_group(regex, 0, &begin, &end)) break;
      out[row]++;
      from = find_next_start(subject, begin, end);
    }
  }
  return EAGRE_OK;
}

enum eagre_status eagre_bind_regexp_count(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_search(bind, EAGRE_TYPE_INT, run_count, out);
}

static enum eagre_status run_instr(struct eagre_kernel_call *call) {
  int32_t *out = eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    struct eagre_regex *regex;
    bool is_found;
    size_t begin = 0, end = 0;
    if (!eagre_kernel_is_live(call, row)) continue;
    struct eagre_text subject = eagre_kernel_text(call, 0, row);
    EAGRE_TRY(eagre_regex_use(call, 1, row, &regex));
    EAGRE_TRY(eagre_regex_find(call, regex, row, subject, 0, &is_found));
    if (is_found && eagre_regex_group(regex, 0, &begin, &end)) {
      out[row] = (int32_t)eagre_text_count((struct eagre_text){subject.data, begin}) + 1;
    }
  }
  return EAGRE_OK;
}

enum eagre_status eagre_bind_regexp_instr(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_search(bind, EAGRE_TYPE_INT, run_instr, out);
}

/* ---- regexp_substr, regexp_extract ---------------------------------------------------------- */

/* NULL also for an empty match, as in Spark. */
static enum eagre_status run_substr(struct eagre_kernel_call *call) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    struct eagre_regex *regex;
    bool is_found;
    size_t begin = 0, end = 0;
    if (!eagre_kernel_is_live(call, row)) continue;
    struct eagre_text subject = eagre_kernel_text(call, 0, row);
    EAGRE_TRY(eagre_regex_use(call, 1, row, &regex));
    EAGRE_TRY(eagre_regex_find(call, regex, row, subject, 0, &is_found));
    if (is_found && eagre_regex_group(regex, 0, &begin, &end) && end > begin) {
      out[row] = (struct eagre_text){subject.data + begin, end - begin};
    } else {
      eagre_kernel_set_null(call, row);
    }
  }
  return EAGRE_OK;
}

enum eagre_status eagre_bind_regexp_substr(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_search(bind, EAGRE_TYPE_STRING, run_substr, out);
}

static enum eagre_status fail_group(struct eagre_kernel_call *call, uint32_t row, int32_t group,
                                    uint32_t group_count) {
  return eagre_kernel_fail(call, row, "INVALID_PARAMETER_VALUE.REGEX_GROUP_INDEX",
                           "The value of parameter(s) `idx` in `%s` is invalid: Expects group "
                           "index between 0 and %u, but got %d.",
                           call->node->function->info.name, group_count, group);
}

static enum eagre_status extract_row(struct eagre_kernel_call *call, uint32_t row,
                                     struct eagre_text *out) {
  struct eagre_regex *regex;
  bool is_found;
  size_t begin = 0, end = 0;
  struct eagre_text subject = eagre_kernel_text(call, 0, row);
  int32_t group = call->node->argument_count < 3 ? 1 : EAGRE_ARGUMENT(int32_t, call, 2, row);
  EAGRE_TRY(eagre_regex_use(call, 1, row, &regex));
  EAGRE_TRY(eagre_regex_find(call, regex, row, subject, 0, &is_found));
  if (!is_found) return EAGRE_OK;
  uint32_t group_count = eagre_regex_group_count(regex);
  if (group < 0 || (uint32_t)group > group_count) {
    return fail_group(call, row, group, group_count);
  }
  if (eagre_regex_group(regex, (uint32_t)group, &begin, &end)) {
    *out = (struct eagre_text){subject.data + begin, end - begin};
  }
  return EAGRE_OK;
}

static enum eagre_status run_extract(struct eagre_kernel_call *call) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (eagre_kernel_is_live(call, row)) EAGRE_TRY(extract_row(call, row, &out[row]));
  }
  return EAGRE_OK;
}

enum eagre_status eagre_bind_regexp_extract(struct eagre_bind *bind,
                                            struct eagre_expression **out) {
  if (bind->argument_count == 3) EAGRE_TRY(eagre_bind_parameter(bind, 2, EAGRE_TYPE_INT));
  return bind_search(bind, EAGRE_TYPE_STRING, run_extract, out);
}

/* ---- regexp_extract_all --------------------------------------------------------------------- */

/* The group of every match; empty where it took no part. */
static enum eagre_status extract_all(struct eagre_kernel_call *call, uint32_t row, int32_t group,
                                     struct eagre_text_list *out) {
  struct eagre_regex *regex;
  struct eagre_text subject = eagre_kernel_text(call, 0, row);
  EAGRE_TRY(eagre_regex_use(call, 1, row, &regex));
  for (size_t from = 0; from <= subject.size;) {
    bool is_found;
    size_t begin = 0, end = 0, group_begin = 0, group_end = 0;
    EAGRE_TRY(eagre_regex_find(call, regex, row, subject, from, &is_found));
    if (!is_found || !eagre_regex_group(regex, 0, &begin, &end)) break;
    uint32_t group_count = eagre_regex_group_count(regex);
    if (group < 0 || (uint32_t)group > group_count)
      return fail_group(call, row, group, group_count);
    bool has_group = eagre_regex_group(regex, (uint32_t)group, &group_begin, &group_end);
    eagre_text_list_put(
        out, has_group ? (struct eagre_text){subject.data + group_begin, group_end - group_begin}
                       : EAGRE_TEXT(""));
    from = find_next_start(subject, begin, end);
  }
  return EAGRE_OK;
}

static enum eagre_status run_extract_all(struct eagre_kernel_call *call) {
  struct eagre_text_list list;
  eagre_text_list_begin(&list, call);
  enum eagre_status status = EAGRE_OK;
  for (uint32_t row = 0; row < call->row_count && status == EAGRE_OK; row++) {
    int32_t group = call->node->argument_count < 3 ? 1 : EAGRE_ARGUMENT(int32_t, call, 2, row);
    if (eagre_kernel_is_live(call, row)) status = extract_all(call, row, group, &list);
    eagre_text_list_end_row(&list, row);
  }
  eagre_text_list_finish(&list);
  return status;
}

enum eagre_status eagre_bind_regexp_extract_all(struct eagre_bind *bind,
                                                struct eagre_expression **out) {
  if (bind->argument_count == 3) EAGRE_TRY(eagre_bind_parameter(bind, 2, EAGRE_TYPE_INT));
  EAGRE_TRY(bind_search(bind, EAGRE_TYPE_STRING, run_extract_all, out));
  (*out)->type = eagre_type_array(bind->arena, eagre_type_of(EAGRE_TYPE_STRING));
  return EAGRE_OK;
}

/* ---- regexp_replace ------------------------------------------------------------------------- */

/* What one row is replaced with, and where the result goes. */
struct replacement {
  struct eagre_kernel_call *call;
  struct eagre_regex *regex;
  uint32_t row;
  struct eagre_text subject;
  struct eagre_text with;
  struct eagre_buffer *out;
};

static enum eagre_status fail_replacement(const struct replacement *replacement,
                                          const char *problem) {
  return eagre_kernel_fail(replacement->call, replacement->row, "INVALID_REGEXP_REPLACE",
                           "Could not perform regexp_replace with the replacement \"%.*s\": %s.",
                           (int)replacement->with.size, replacement->with.data, problem);
}

static void append_group(const struct replacement *replacement, uint32_t group) {
  size_t begin = 0, end = 0;
  if (!eagre_regex_group(replacement->regex, group, &begin, &end)) return;
  eagre_buffer_append(replacement->out, replacement->subject.data + begin, end - begin);
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* $1 or ${name}: `at` stands behind the dollar and is moved behind the reference. More digits
 * belong to the number as long as there is such a group. */
static enum eagre_status append_reference(const struct replacement *replacement, size_t *at) {
  struct eagre_text with = replacement->with;
  uint32_t group_count = eagre_regex_group_count(replacement->regex);
  if (*at < with.size && with.data[*at] == '{') {
    const char *begin = with.data + *at + 1;
    const char *end = memchr(begin, '}', with.size - *at - 1);
    if (end == NULL) return fail_replacement(replacement, "a group name without }");
    struct eagre_text name = {begin, (size_t)(end - begin)};
    int group = eagre_regex_group_number(replacement->regex, name);
    if (group < 0) return fail_replacement(replacement, "no group with this name");
    append_group(replacement, (uint32_t)group);
    *at += name.size + 2;
    return EAGRE_OK;
  }
  if (*at >= with.size || !is_digit(with.data[*at])) {
    return fail_replacement(replacement, "illegal group reference");
  }
  uint32_t group = (uint32_t)(with.data[(*at)++] - '0');
  if (group > group_count) return fail_replacement(replacement, "no such group");
  while (*at < with.size && is_digit(with.data[*at])) {
    uint32_t longer = group * 10 + (uint32_t)(with.data[*at] - '0');
    if (longer > group_count) break;
    group = longer;
    (*at)++;
  }
  append_group(replacement, group);
  return EAGRE_OK;
}

static enum eagre_status append_replacement(const struct replacement *replacement) {
  struct eagre_text with = replacement->with;
  for (size_t at = 0; at < with.size;) {
    char c = with.data[at++];
    if (c == '$') {
      EAGRE_TRY(append_reference(replacement, &at));
    } else if (c != '\\') {
      eagre_buffer_append_char(replacement->out, c);
    } else if (at == with.size) {
      return fail_replacement(replacement, "character to be escaped is missing");
    } else {
      eagre_buffer_append_char(replacement->out, with.data[at++]);
    }
  }
  return EAGRE_OK;
}

/* The matches in replacement->subject, one after the other; *out_is_changed when there was one. */
static enum eagre_status replace_matches(const struct replacement *replacement,
                                         bool *out_is_changed) {
  struct eagre_text subject = replacement->subject;
  size_t copied = 0;
  *out_is_changed = false;
  for (size_t from = 0; from <= subject.size;) {
    bool is_found;
    size_t begin = 0, end = 0;
    EAGRE_TRY(eagre_regex_find(replacement->call, replacement->regex, replacement->row, subject,
                               from, &is_found));
    if (!is_found || !eagre_regex_group(replacement->regex, 0, &begin, &end)) break;
    eagre_buffer_append(replacement->out, subject.data + copied, begin - copied);
    EAGRE_TRY(append_replacement(replacement));
    *out_is_changed = true;
    copied = end;
    from = find_next_start(subject, begin, end);
  }
  eagre_buffer_append(replacement->out, subject.data + copied, subject.size - copied);
  return EAGRE_OK;
}

/* The text before the position is kept as it is and not looked at, as in a region of a Java
 * matcher. */
static enum eagre_status replace_row(struct eagre_kernel_call *call, uint32_t row,
                                     struct eagre_buffer *buffer, struct eagre_text_writer *writer,
                                     struct eagre_text *out) {
  struct eagre_text text = eagre_kernel_text(call, 0, row);
  int32_t position = call->node->argument_count < 4 ? 1 : EAGRE_ARGUMENT(int32_t, call, 3, row);
  size_t kept = eagre_text_offset(text, (size_t)(position < 1 ? 0 : position - 1));
  *out = text;
  if (position > 1 && kept >= text.size) return EAGRE_OK;
  struct replacement replacement = {
      .call = call,
      .row = row,
      .subject = {text.data + kept, text.size - kept},
      .with = eagre_kernel_text(call, 2, row),
      .out = buffer,
  };
  bool is_changed;
  eagre_buffer_clear(buffer);
  eagre_buffer_append(buffer, text.data, kept);
  EAGRE_TRY(eagre_regex_use(call, 1, row, &replacement.regex));
  EAGRE_TRY(replace_matches(&replacement, &is_changed));
  if (is_changed) *out = eagre_text_writer_copy(writer, eagre_buffer_text(buffer));
  return EAGRE_OK;
}

static enum eagre_status run_replace(struct eagre_kernel_call *call) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  struct eagre_text_writer writer;
  struct eagre_buffer buffer = {0};
  enum eagre_status status = EAGRE_OK;
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t row = 0; status == EAGRE_OK && row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    status = replace_row(call, row, &buffer, &writer, &out[row]);
  }
  eagre_buffer_done(&buffer);
  return status;
}

/* The position must be a constant above zero. */
static enum eagre_status check_position(struct eagre_bind *bind) {
  EAGRE_TRY(eagre_bind_parameter(bind, 3, EAGRE_TYPE_INT));
  struct eagre_expression *position = bind->arguments[3];
  if (!position->is_constant) {
    return eagre_bind_mismatch(bind, "NON_FOLDABLE_INPUT",
                               "the input `position` should be a foldable \"INT\" expression; "
                               "however, got %s.",
                               eagre_expression_sql(bind->arena, position));
  }
  struct eagre_vector value;
  EAGRE_TRY(eagre_expression_fold(bind->arena, position, bind->session, &value, bind->error));
  if (eagre_vector_is_null(&value, 0) || *EAGRE_VALUES(int32_t, &value) > 0) return EAGRE_OK;
  return eagre_bind_mismatch(bind, "VALUE_OUT_OF_RANGE",
                             "The `position` must be between (0, 2147483647] (current value = "
                             "%d).",
                             *EAGRE_VALUES(int32_t, &value));
}

enum eagre_status eagre_bind_regexp_replace(struct eagre_bind *bind,
                                            struct eagre_expression **out) {
  EAGRE_TRY(eagre_bind_parameter(bind, 2, EAGRE_TYPE_STRING));
  if (bind->argument_count == 4) EAGRE_TRY(check_position(bind));
  return bind_search(bind, EAGRE_TYPE_STRING, run_replace, out);
}
