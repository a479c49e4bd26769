/* Regular expressions of Java's dialect on PCRE2. */
#pragma once

#include "expression/expression_kernel.h"

struct eagre_bind;

/* ---- Dialect (expression_regex_dialect.c) --------------------------------------------------- */

/* Writes what PCRE2 takes for a Java pattern; returns NULL, or one clause about what is not
 * supported. Differences that stay: (?i) also folds letters beyond ASCII, \b knows ASCII letters
 * only, `.` does not match a vertical tab or form feed, look-behind must have a fixed length. */
const char *eagre_regex_translate(struct eagre_text pattern, struct eagre_buffer *out);

/* ---- Patterns ------------------------------------------------------------------------------- */

/* A compiled pattern, kept between batches. */
struct eagre_regex;

/* USAGE INVALID_PARAMETER_VALUE.PATTERN for a literal argument `index` that is no pattern; others
 * are checked row by row. *out_is_literal: nothing can fail any more. */
enum eagre_status eagre_regex_check_literal(struct eagre_bind *bind, uint32_t index,
                                            bool *out_is_literal);
/* The pattern in argument `index` of row `row`. DATA when it is none (under TRY too). */
enum eagre_status eagre_regex_use(struct eagre_kernel_call *call, uint32_t index, uint32_t row,
                                  struct eagre_regex **out);
uint32_t eagre_regex_group_count(const struct eagre_regex *regex);
/* The group's number, or -1. */
int eagre_regex_group_number(const struct eagre_regex *regex, struct eagre_text name);
/* Looks for the pattern in `subject` from byte `from` on. *out_found says whether it is there;
 * then `eagre_regex_group` tells where. DATA when the search takes too many steps. */
enum eagre_status eagre_regex_find(struct eagre_kernel_call *call, struct eagre_regex *regex,
                                   uint32_t row, struct eagre_text subject, size_t from,
                                   bool *out_found);
/* Bytes [begin, end) of group `group` of the last match; false when the group took no part. */
bool eagre_regex_group(const struct eagre_regex *regex, uint32_t group, size_t *out_begin,
                       size_t *out_end);
