/* Compiled regular expressions: PCRE2 with its just-in-time compiler.
 *
 * An instruction keeps the pattern it used last, so a literal pattern is compiled once. Bytes of
 * the subject that are not UTF-8 match nothing. A search that takes too many steps is an error of
 * the data: it would stop the stream without saying why. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "expression/expression_regex.h"

#include <pcre2.h>
#include <string.h>

#include "expression/expression_bind.h"

enum { JIT_STACK_SIZE_MIN = 32 * 1024, JIT_STACK_SIZE_MAX = 1024 * 1024 };

struct eagre_regex {
  pcre2_code *code;
  pcre2_match_data *match;
  pcre2_match_context *context;
  pcre2_jit_stack *stack;
  struct eagre_buffer pattern; /* of which `code` was made */
};

/* ---- Compiling ------------------------------------------------------------------------------ */

static void clear_regex(struct eagre_regex *regex) {
  pcre2_match_data_free(regex->match);
  pcre2_code_free(regex->code);
  regex->match = NULL;
  regex->code = NULL;
}

static void free_regex(void *data) {
  struct eagre_regex *regex = data;
  clear_regex(regex);
  pcre2_match_context_free(regex->context);
  pcre2_jit_stack_free(regex->stack);
  eagre_buffer_done(&regex->pattern);
  eagre_free(regex);
}

static pcre2_code *compile_translated(struct eagre_text pattern, struct eagre_buffer *out_problem) {
  pcre2_compile_context *context = pcre2_compile_context_create(NULL);
  pcre2_set_newline(context, PCRE2_NEWLINE_ANY);
  int error_number = 0;
  PCRE2_SIZE error_offset = 0;
  pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern.data, pattern.size,
                                   PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C,
                                   &error_number, &error_offset, context);
  pcre2_compile_context_free(context);
  if (code == NULL) {
    PCRE2_UCHAR message[160];
    pcre2_get_error_message(error_number, message, sizeof message);
    eagre_buffer_append_string(out_problem, (const char *)message);
  }
  return code;
}

/* NULL and a clause in `out_problem` when it is no pattern. */
static pcre2_code *compile(struct eagre_text pattern, struct eagre_buffer *out_problem) {
  struct eagre_buffer translated = {0};
  pcre2_code *code = NULL;
  const char *problem = eagre_regex_translate(pattern, &translated);
  if (problem != NULL) {
    eagre_buffer_printf(out_problem, "%s is not supported", problem);
  } else {
    /* Its string form, so that the data is not NULL for an empty pattern. */
    struct eagre_text text = {eagre_buffer_string(&translated), translated.size};
    code = compile_translated(text, out_problem);
  }
  eagre_buffer_done(&translated);
  return code;
}

static const char pattern_sentence[] =
    "The value of parameter(s) `regexp` in `%s` is invalid: '%.*s' (%s).";

enum eagre_status eagre_regex_check_literal(struct eagre_bind *bind, uint32_t index,
                                            bool *out_is_literal) {
  struct eagre_text pattern;
  *out_is_literal = eagre_expression_is_text(bind->arguments[index], &pattern);
  if (!*out_is_literal) return EAGRE_OK;
  struct eagre_buffer problem = {0};
  pcre2_code *code = compile(pattern, &problem);
  enum eagre_status status = EAGRE_OK;
  if (code == NULL) {
    status = eagre_bind_fail(
        bind, bind->arguments[index]->position, "INVALID_PARAMETER_VALUE.PATTERN", pattern_sentence,
        bind->function->info.name, (int)(pattern.size < 200 ? pattern.size : 200), pattern.data,
        eagre_buffer_string(&problem));
  }
  pcre2_code_free(code);
  eagre_buffer_done(&problem);
  return status;
}

static struct eagre_regex *new_regex(void) {
  struct eagre_regex *regex = eagre_allocate_zeroed(1, sizeof *regex);
  regex->context = pcre2_match_context_create(NULL);
  regex->stack = pcre2_jit_stack_create(JIT_STACK_SIZE_MIN, JIT_STACK_SIZE_MAX, NULL);
  pcre2_jit_stack_assign(regex->context, NULL, regex->stack);
  return regex;
}

static struct eagre_regex *get_regex(struct eagre_kernel_call *call) {
  if (call->state->data == NULL) {
    call->state->data = new_regex();
    call->state->free = free_regex;
  }
  return call->state->data;
}

/* False, and a clause in `out_problem`, when it is no pattern. */
static bool take_pattern(struct eagre_regex *regex, struct eagre_text pattern,
                         struct eagre_buffer *out_problem) {
  clear_regex(regex);
  regex->code = compile(pattern, out_problem);
  if (regex->code == NULL) return false;
  /* Without it matching is slower and gives the same. */
  pcre2_jit_compile(regex->code, PCRE2_JIT_COMPLETE);
  regex->match = pcre2_match_data_create_from_pattern(regex->code, NULL);
  eagre_assert(regex->match != NULL);
  eagre_buffer_clear(&regex->pattern);
  eagre_buffer_append_text(&regex->pattern, pattern);
  return true;
}

static enum eagre_status compile_for_row(struct eagre_kernel_call *call, struct eagre_regex *regex,
                                         struct eagre_text pattern, uint32_t row) {
  struct eagre_buffer problem = {0};
  enum eagre_status status = EAGRE_OK;
  if (!take_pattern(regex, pattern, &problem)) {
    status = eagre_kernel_fail(call, row, "INVALID_PARAMETER_VALUE.PATTERN", pattern_sentence,
                               call->node->function->info.name,
                               (int)(pattern.size < 200 ? pattern.size : 200), pattern.data,
                               eagre_buffer_string(&problem));
  }
  eagre_buffer_done(&problem);
  return status;
}

enum eagre_status eagre_regex_use(struct eagre_kernel_call *call, uint32_t index, uint32_t row,
                                  struct eagre_regex **out) {
  struct eagre_regex *regex = get_regex(call);
  struct eagre_text pattern = eagre_kernel_text(call, index, row);
  *out = regex;
  if (regex->code != NULL && eagre_text_equal(eagre_buffer_text(&regex->pattern), pattern)) {
    return EAGRE_OK;
  }
  return compile_for_row(call, regex, pattern, row);
}

/* ---- Matching ------------------------------------------------------------------------------- */

/* PCRE2's answer: the number of groups, or a negative reason. */
static int match(const struct eagre_regex *regex, struct eagre_text subject, size_t from) {
  const char *data = subject.size == 0 ? "" : subject.data;
  int count = pcre2_match(regex->code, (PCRE2_SPTR)data, subject.size, from, 0, regex->match,
                          regex->context);
  if (count != PCRE2_ERROR_JIT_STACKLIMIT) return count;
  return pcre2_match(regex->code, (PCRE2_SPTR)data, subject.size, from, PCRE2_NO_JIT, regex->match,
                     regex->context);
}

static const char search_sentence[] = "The search for the pattern '%.200s' was given up: %s.";

enum eagre_status eagre_regex_find(struct eagre_kernel_call *call, struct eagre_regex *regex,
                                   uint32_t row, struct eagre_text subject, size_t from,
                                   bool *out_found) {
  int count = match(regex, subject, from);
  *out_found = count > 0;
  if (count > 0 || count == PCRE2_ERROR_NOMATCH) return EAGRE_OK;
  PCRE2_UCHAR message[160];
  pcre2_get_error_message(count, message, sizeof message);
  return eagre_kernel_fail(call, row, "FAILED_FUNCTION_CALL", search_sentence,
                           eagre_buffer_string(&regex->pattern), (const char *)message);
}

uint32_t eagre_regex_group_count(const struct eagre_regex *regex) {
  uint32_t count = 0;
  pcre2_pattern_info(regex->code, PCRE2_INFO_CAPTURECOUNT, &count);
  return count;
}

int eagre_regex_group_number(const struct eagre_regex *regex, struct eagre_text name) {
  char copy[64];
  if (name.size >= sizeof copy) return -1;
  memcpy(copy, name.data, name.size);
  copy[name.size] = '\0';
  int number = pcre2_substring_number_from_name(regex->code, (PCRE2_SPTR)copy);
  return number > 0 ? number : -1;
}

bool eagre_regex_group(const struct eagre_regex *regex, uint32_t group, size_t *out_begin,
                       size_t *out_end) {
  const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(regex->match);
  if (group >= pcre2_get_ovector_count(regex->match)) return false;
  if (offsets[2 * group] == PCRE2_UNSET) return false;
  *out_begin = offsets[2 * group];
  *out_end = offsets[2 * group + 1];
  return true;
}

/* ---- Searches ------------------------------------------------------------------------------- */

struct eagre_search {
  struct eagre_regex *regex;
};

enum eagre_status eagre_search_new(struct eagre_text pattern, struct eagre_search **out,
                                   struct eagre_error *error) {
  struct eagre_regex *regex = new_regex();
  struct eagre_buffer problem = {0};
  *out = NULL;
  if (!take_pattern(regex, pattern, &problem)) {
    eagre_error_set(error, EAGRE_USAGE, "INVALID_PARAMETER_VALUE.PATTERN",
                    "'%.*s' is no pattern (%s).", (int)(pattern.size < 200 ? pattern.size : 200),
                    pattern.data, eagre_buffer_string(&problem));
    free_regex(regex);
    eagre_buffer_done(&problem);
    return EAGRE_USAGE;
  }
  *out = eagre_allocate(sizeof **out);
  (*out)->regex = regex;
  eagre_buffer_done(&problem);
  return EAGRE_OK;
}

void eagre_search_free(struct eagre_search *search) {
  if (search == NULL) return;
  free_regex(search->regex);
  eagre_free(search);
}

enum eagre_status eagre_search_find(struct eagre_search *search, struct eagre_text subject,
                                    bool *out_found, struct eagre_error *error) {
  int count = match(search->regex, subject, 0);
  *out_found = count > 0;
  if (count > 0 || count == PCRE2_ERROR_NOMATCH) return EAGRE_OK;
  PCRE2_UCHAR message[160];
  pcre2_get_error_message(count, message, sizeof message);
  return eagre_error_set(error, EAGRE_DATA, "FAILED_FUNCTION_CALL", search_sentence,
                         eagre_buffer_string(&search->regex->pattern), (const char *)message);
}
