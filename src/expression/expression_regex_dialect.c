/* Java's regular expressions as PCRE2 writes them.
 *
 * Most of the two dialects is the same text. Rewritten are \uXXXX, \0nnn and the POSIX properties
 * of Java (\p{Alpha} is ASCII there); refused are classes within classes and && in them, flags
 * that mean something else, and what only PCRE2 knows. */
#include <string.h>

#include "expression/expression_regex.h"

struct translator {
  struct eagre_text pattern;
  size_t at;
  struct eagre_buffer *out;
  bool is_in_class;
};

static bool is_octal(char c) {
  return c >= '0' && c <= '7';
}

static bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static struct eagre_text find_rest(const struct translator *translator) {
  return (struct eagre_text){translator->pattern.data + translator->at,
                             translator->pattern.size - translator->at};
}

static bool stands(const struct translator *translator, const char *text) {
  return eagre_text_starts_with(find_rest(translator), eagre_text_of(text));
}

static void copy(struct translator *translator, size_t size) {
  eagre_buffer_append(translator->out, translator->pattern.data + translator->at, size);
  translator->at += size;
}

/* ---- Properties ----------------------------------------------------------------------------- */

/* Java's POSIX classes, which know ASCII only. */
static const struct {
  const char *java;
  const char *posix;
} posix_classes[] = {
    {"Lower", "lower"}, {"Upper", "upper"}, {"ASCII", "ascii"}, {"Alpha", "alpha"},
    {"Digit", "digit"}, {"Alnum", "alnum"}, {"Punct", "punct"}, {"Graph", "graph"},
    {"Print", "print"}, {"Blank", "blank"}, {"Cntrl", "cntrl"}, {"XDigit", "xdigit"},
    {"Space", "space"},
};

static bool put_posix(struct translator *translator, struct eagre_text name, bool is_negated) {
  for (size_t i = 0; i < EAGRE_COUNT_OF(posix_classes); i++) {
    if (!eagre_text_equal_string(name, posix_classes[i].java)) continue;
    eagre_buffer_printf(translator->out, translator->is_in_class ? "[:%s%s:]" : "[[:%s%s:]]",
                        is_negated ? "^" : "", posix_classes[i].posix);
    return true;
  }
  return false;
}

/* \p{Name} and \P{Name}; `at` stands on the backslash. */
static const char *put_property(struct translator *translator) {
  struct eagre_text rest = find_rest(translator);
  bool is_negated = rest.data[1] == 'P';
  if (rest.size < 3 || rest.data[2] != '{') {
    copy(translator, rest.size < 3 ? rest.size : 3);
    return NULL;
  }
  const char *close = memchr(rest.data, '}', rest.size);
  if (close == NULL) return "a property without }";
  struct eagre_text name = {rest.data + 3, (size_t)(close - rest.data) - 3};
  translator->at += name.size + 4;
  if (put_posix(translator, name, is_negated)) return NULL;
  if (eagre_text_starts_with(name, EAGRE_TEXT("In"))) return "a Unicode block (\\p{In...})";
  if (eagre_text_starts_with(name, EAGRE_TEXT("java"))) return "a property of Java (\\p{java...})";
  if (eagre_text_starts_with(name, EAGRE_TEXT("Is"))) {
    name = (struct eagre_text){name.data + 2, name.size - 2};
  }
  eagre_buffer_append_string(translator->out, is_negated ? "\\P{" : "\\p{");
  eagre_buffer_append_text(translator->out, name);
  eagre_buffer_append_char(translator->out, '}');
  return NULL;
}

/* ---- Escapes -------------------------------------------------------------------------------- */

/* \uXXXX */
static const char *put_unicode(struct translator *translator) {
  struct eagre_text rest = find_rest(translator);
  for (size_t i = 2; i < 6; i++) {
    if (i >= rest.size || !is_hex(rest.data[i])) return "\\u without four hexadecimal digits";
  }
  eagre_buffer_printf(translator->out, "\\x{%.4s}", rest.data + 2);
  translator->at += 6;
  return NULL;
}

/* \0n, \0nn, \0mnn with m <= 3 */
static const char *put_octal(struct translator *translator) {
  struct eagre_text rest = find_rest(translator);
  size_t size = 2;
  size_t size_max = rest.size > 2 && rest.data[2] <= '3' ? 5 : 4;
  while (size < rest.size && size < size_max && is_octal(rest.data[size])) {
    size++;
  }
  if (size == 2) return "\\0 without octal digits";
  eagre_buffer_printf(translator->out, "\\o{%.*s}", (int)size - 2, rest.data + 2);
  translator->at += size;
  return NULL;
}

/* \Q...\E, to the end of the pattern when there is no \E. */
static void copy_quoted(struct translator *translator) {
  struct eagre_text rest = find_rest(translator);
  const char *end = memmem(rest.data, rest.size, "\\E", 2);
  copy(translator, end == NULL ? rest.size : (size_t)(end - rest.data) + 2);
}

static const char *put_escape(struct translator *translator) {
  struct eagre_text rest = find_rest(translator);
  if (rest.size < 2) return "a backslash at the end";
  switch (rest.data[1]) {
  case 'p':
  case 'P':
    return put_property(translator);
  case 'u':
    return put_unicode(translator);
  case '0':
    return put_octal(translator);
  case 'Q':
    copy_quoted(translator);
    return NULL;
  case 'K':
  case 'C':
  case 'g':
  case 'L':
  case 'U':
  case 'l':
  case 'o':
    return "an escape that Java does not know";
  default:
    copy(translator, 2);
    return NULL;
  }
}

/* ---- Groups and classes --------------------------------------------------------------------- */

/* The flags of (?flags) or (?flags:...); `at` stands on the parenthesis. */
static const char *check_group(struct translator *translator) {
  struct eagre_text rest = find_rest(translator);
  if (stands(translator, "(*")) return "a verb in parentheses";
  if (!stands(translator, "(?")) return NULL;
  for (size_t i = 2; i < rest.size; i++) {
    char c = rest.data[i];
    if (c == 'd' || c == 'u' || c == 'U') return "the flags d, u and U";
    if (c != 'i' && c != 'm' && c != 's' && c != 'x' && c != '-') break;
  }
  if (stands(translator, "(?P") || stands(translator, "(?R") || stands(translator, "(?&") ||
      stands(translator, "(?|") || stands(translator, "(?C") || stands(translator, "(?#")) {
    return "a group that Java does not know";
  }
  return NULL;
}

static const char *put_in_class(struct translator *translator) {
  if (stands(translator, "&&")) return "&& in a character class";
  char c = translator->pattern.data[translator->at];
  if (c == '[') return "a character class within a character class";
  if (c == ']') translator->is_in_class = false;
  copy(translator, 1);
  return NULL;
}

/* ']' right behind the opening bracket is an error in Java and a character in PCRE2. */
static const char *open_class(struct translator *translator) {
  translator->is_in_class = true;
  copy(translator, stands(translator, "[^") ? 2 : 1);
  return stands(translator, "]") ? "an empty character class" : NULL;
}

const char *eagre_regex_translate(struct eagre_text pattern, struct eagre_buffer *out) {
  struct translator translator = {.pattern = pattern, .out = out};
  const char *problem = NULL;
  while (problem == NULL && translator.at < pattern.size) {
    char c = pattern.data[translator.at];
    if (c == '\\') {
      problem = put_escape(&translator);
    } else if (translator.is_in_class) {
      problem = put_in_class(&translator);
    } else if (c == '[') {
      problem = open_class(&translator);
    } else {
      if (c == '(') problem = check_group(&translator);
      copy(&translator, 1);
    }
  }
  return problem;
}
