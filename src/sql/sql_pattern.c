/* How Spark 4.2 prints functions whose form is not name(arguments): operators, functions with upper
 * case names, and arguments that have a default. Every row was read from Spark. */
#include "sql/sql_pattern.h"

struct pattern_row {
  const char *function;
  uint32_t argument_count;
  const char *pattern;
};

/* Patterns: $1, $2, $3 are the arguments, everything else is itself. A function of the tree and the
 * name a user can call it by are the same here: isnull(a) prints as (a IS NULL) too. */
static const struct pattern_row patterns[] = {
    {"*", 2, "($1 * $2)"},
    {"/", 2, "($1 / $2)"},
    {"%", 2, "($1 % $2)"},
    {"div", 2, "($1 div $2)"},
    {"=", 2, "($1 = $2)"},
    {"<=>", 2, "($1 <=> $2)"},
    {"!=", 2, "(NOT ($1 = $2))"},
    {"<", 2, "($1 < $2)"},
    {"<=", 2, "($1 <= $2)"},
    {">", 2, "($1 > $2)"},
    {">=", 2, "($1 >= $2)"},
    {"&", 2, "($1 & $2)"},
    {"|", 2, "($1 | $2)"},
    {"^", 2, "($1 ^ $2)"},
    {"~", 1, "~$1"},
    {"||", 2, "concat($1, $2)"},
    {"and", 2, "($1 AND $2)"},
    {"or", 2, "($1 OR $2)"},
    {"not", 1, "(NOT $1)"},
    {"between", 3, "between($1, $2, $3)"},
    {"like", 2, "$1 LIKE $2"},
    {"rlike", 2, "RLIKE($1, $2)"},
    {"regexp", 2, "REGEXP($1, $2)"},
    {"regexp_like", 2, "REGEXP_LIKE($1, $2)"},
    {"isnull", 1, "($1 IS NULL)"},
    {"isnotnull", 1, "($1 IS NOT NULL)"},
    {"istrue", 1, "($1 <=> true)"},
    {"isfalse", 1, "($1 <=> false)"},
    {"isunknown", 1, "($1 IS NULL)"},
    {"if", 3, "(IF($1, $2, $3))"},
    {"ceil", 1, "CEIL($1)"},
    {"exp", 1, "EXP($1)"},
    {"floor", 1, "FLOOR($1)"},
    {"log", 1, "LOG(E(), $1)"},
    {"log", 2, "LOG($1, $2)"},
    {"log10", 1, "LOG10($1)"},
    {"log2", 1, "LOG2($1)"},
    {"power", 2, "POWER($1, $2)"},
    {"signum", 1, "SIGNUM($1)"},
    {"sqrt", 1, "SQRT($1)"},
    {"pi", 0, "PI()"},
    {"e", 0, "E()"},
    {"ltrim", 2, "TRIM(LEADING $1 FROM $2)"},
    {"rtrim", 2, "TRIM(TRAILING $1 FROM $2)"},
    {"window", 0, "window"},
    {"window", 1, "window"},
    {"window", 2, "window"},
    {"window", 3, "window"},
    {"window", 4, "window"},
    {"session_window", 2, "session_window"},
    {"from_json", 2, "from_json($1)"},
    {"from_json", 3, "from_json($1)"},
    {"bround", 1, "bround($1, 0)"},
    {"round", 1, "round($1, 0)"},
    {"split", 2, "split($1, $2, -1)"},
    {"substr", 2, "substr($1, $2, 2147483647)"},
    {"substring", 2, "substring($1, $2, 2147483647)"},
    {"locate", 2, "locate($1, $2, 1)"},
    {"position", 2, "position($1, $2, 1)"},
    {"lpad", 2, "lpad($1, $2,  )"},
    {"rpad", 2, "rpad($1, $2,  )"},
    {"replace", 2, "replace($1, $2, )"},
    {"regexp_replace", 3, "regexp_replace($1, $2, $3, 1)"},
    {"regexp_extract", 2, "regexp_extract($1, $2, 1)"},
    {"from_unixtime", 1, "from_unixtime($1, yyyy-MM-dd HH:mm:ss)"},
    {"unix_timestamp", 0, "unix_timestamp(current_timestamp(), yyyy-MM-dd HH:mm:ss)"},
    {"unix_timestamp", 1, "unix_timestamp($1, yyyy-MM-dd HH:mm:ss)"},
    {"to_unix_timestamp", 1, "to_unix_timestamp($1, yyyy-MM-dd HH:mm:ss)"},
    {"months_between", 2, "months_between($1, $2, true)"},
    {"sort_array", 1, "sort_array($1, true)"},
    {"percentile", 2, "percentile($1, $2, 1)"},
    {"percentile_approx", 2, "percentile_approx($1, $2, 10000)"},
    {"approx_percentile", 2, "approx_percentile($1, $2, 10000)"},
    /* first(a, true) is first(a) IGNORE NULLS */
    {"first", 2, "first($1)"},
    {"last", 2, "last($1)"},
    {"any_value", 2, "any_value($1)"},
    {"first_value", 2, "first_value($1)"},
    {"last_value", 2, "last_value($1)"},
};

/* The same for what was written as an operator or with words between the arguments. */
static const struct pattern_row operator_patterns[] = {
    {"negative", 1, "(- $1)"},
    {"positive", 1, "(+ $1)"},
    {"shiftleft", 2, "($1 << $2)"},
    {"shiftright", 2, "($1 >> $2)"},
    {"shiftrightunsigned", 2, "($1 >>> $2)"},
    {"extract", 2, "extract($1 FROM $2)"},
    {"position", 2, "locate($1, $2, 1)"},
    {"btrim", 1, "trim($1)"},
    {"btrim", 2, "TRIM(BOTH $2 FROM $1)"},
    {"ltrim", 2, "TRIM(LEADING $2 FROM $1)"},
    {"rtrim", 2, "TRIM(TRAILING $2 FROM $1)"},
};

static const char *find_row(const struct pattern_row *rows, size_t count,
                            const struct eagre_sql_expression *call) {
  for (size_t i = 0; i < count; i++) {
    if (rows[i].argument_count == call->argument_count &&
        eagre_text_equal_string(call->function, rows[i].function)) {
      return rows[i].pattern;
    }
  }
  return NULL;
}

const char *eagre_sql_find_pattern(const struct eagre_sql_expression *call) {
  const char *pattern = NULL;
  if (call->is_operator) {
    pattern = find_row(operator_patterns, EAGRE_COUNT_OF(operator_patterns), call);
  }
  return pattern != NULL ? pattern : find_row(patterns, EAGRE_COUNT_OF(patterns), call);
}
