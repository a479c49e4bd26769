/* Keywords: one table, looked up by binary search. */
#include "sql/sql_token.h"

struct keyword_row {
  const char *name;
  enum eagre_sql_keyword_role role;
};

static const struct keyword_row keyword_rows[] = {
    {"", EAGRE_SQL_ROLE_PLAIN},
#define EAGRE_SQL_KEYWORD(name, role) {#name, EAGRE_SQL_ROLE_##role},
#include "sql/sql_keyword.def"
#undef EAGRE_SQL_KEYWORD
};

_Static_assert(EAGRE_COUNT_OF(keyword_rows) == EAGRE_SQL_KEYWORD_count, "one row per keyword");

static char make_upper(char character) {
  return character >= 'a' && character <= 'z' ? (char)(character - 'a' + 'A') : character;
}

/* Order of `word`, any case, against the upper-case `name`. */
static int compare_word(struct eagre_text word, const char *name) {
  for (size_t i = 0; i < word.size; i++) {
    int order = (unsigned char)make_upper(word.data[i]) - (unsigned char)name[i];
    if (order != 0) return order;
  }
  return name[word.size] == 0 ? 0 : -1;
}

enum eagre_sql_keyword eagre_sql_keyword_find(struct eagre_text word) {
  uint32_t low = 1, high = EAGRE_SQL_KEYWORD_count;
  while (low < high) {
    uint32_t middle = (low + high) / 2;
    int order = compare_word(word, keyword_rows[middle].name);
    if (order == 0) return (enum eagre_sql_keyword)middle;
    if (order < 0) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return EAGRE_SQL_KEYWORD_NONE;
}

const char *eagre_sql_keyword_name(enum eagre_sql_keyword keyword) {
  return keyword_rows[keyword].name;
}

enum eagre_sql_keyword_role eagre_sql_keyword_role_of(enum eagre_sql_keyword keyword) {
  return keyword_rows[keyword].role;
}
