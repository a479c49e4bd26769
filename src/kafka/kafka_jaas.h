/* The text of `sasl.jaas.config` as Java jobs have it:
 *
 *   CLASS FLAG { NAME = VALUE }* ;
 *
 * CLASS is a dotted name, FLAG one of required, requisite, sufficient, optional. A VALUE is a word,
 * or stands in double or single quotes with Java's escapes; both kinds of Java comments may stand
 * anywhere between. One login module only. */
#pragma once

#include "base/base.h"

enum { EAGRE_KAFKA_JAAS_OPTIONS_MAX = 32 };

struct eagre_kafka_jaas_option {
  struct eagre_text name;
  struct eagre_text value;
};

struct eagre_kafka_jaas {
  struct eagre_text class_name; /* without its packages: "PlainLoginModule" */
  struct eagre_kafka_jaas_option options[EAGRE_KAFKA_JAAS_OPTIONS_MAX];
  uint32_t option_count;
};

/* Texts point into `text` or live in `arena`. USAGE INVALID_KAFKA_SETTING. The text holds secrets:
 * errors tell the place and never quote it. */
enum eagre_status eagre_kafka_jaas_parse(struct eagre_text text, struct eagre_arena *arena,
                                         struct eagre_kafka_jaas *out, struct eagre_error *error);
/* The value of an option, or an empty text. */
struct eagre_text eagre_kafka_jaas_find(const struct eagre_kafka_jaas *jaas, const char *name);
