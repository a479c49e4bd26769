/* Finds references by their first bytes: options are short. */
#include "base/base_secret.h"

#include <string.h>

static bool is_name(struct eagre_text name) {
  for (size_t i = 0; i < name.size; i++) {
    if (strchr("'\"`${\n", name.data[i]) != NULL) return false;
  }
  return name.size > 0;
}

bool eagre_secret_at(struct eagre_text text, size_t begin, struct eagre_secret *out) {
  static const struct {
    struct eagre_text prefix;
    enum eagre_secret_kind kind;
  } kinds[] = {{{"${env:", 6}, EAGRE_SECRET_ENVIRONMENT}, {{"${file:", 7}, EAGRE_SECRET_FILE}};
  struct eagre_text rest = eagre_text_make(text.data + begin, text.size - begin);
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    if (!eagre_text_starts_with(rest, kinds[i].prefix)) continue;
    const char *name = rest.data + kinds[i].prefix.size;
    const char *close = memchr(name, '}', rest.size - kinds[i].prefix.size);
    if (close == NULL || !is_name(eagre_text_make(name, (size_t)(close - name)))) return false;
    *out = (struct eagre_secret){
        .kind = kinds[i].kind,
        .name = eagre_text_make(name, (size_t)(close - name)),
        .begin = begin,
        .end = (size_t)(close + 1 - text.data),
    };
    return true;
  }
  return false;
}

bool eagre_secret_find(struct eagre_text text, size_t from, struct eagre_secret *out) {
  for (size_t begin = from; begin < text.size; begin++) {
    if (text.data[begin] == '$' && eagre_secret_at(text, begin, out)) return true;
  }
  return false;
}

static bool contains(struct eagre_text name, struct eagre_text part) {
  for (size_t i = 0; i + part.size <= name.size; i++) {
    if (eagre_text_equal_ignoring_case(eagre_text_make(name.data + i, part.size), part)) {
      return true;
    }
  }
  return false;
}

bool eagre_secret_is_option(struct eagre_text name) {
  static const char *const parts[] = {"password", "secret",    "jaas",
                                      "key.pem",  "store.key", "oauthbearer.config"};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
    if (contains(name, eagre_text_of(parts[i]))) return true;
  }
  return false;
}
