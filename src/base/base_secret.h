/* References to secrets: `${env:NAME}` and `${file:PATH}` in the text of an option. The text with
 * its references goes everywhere, what they stand for only where it is needed (kafka_secret.c). Not
 * part of base.h: few need it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/base_text.h"

enum eagre_secret_kind { EAGRE_SECRET_ENVIRONMENT, EAGRE_SECRET_FILE };

struct eagre_secret {
  enum eagre_secret_kind kind;
  struct eagre_text name; /* of the variable, or the path */
  size_t begin;           /* of the `$` in the text */
  size_t end;             /* behind the `}` */
};

/* The reference that begins at `begin`; a name has no quotes, no `$` and no line ends. */
bool eagre_secret_at(struct eagre_text text, size_t begin, struct eagre_secret *out);
/* The first reference that begins at `from` or behind it. */
bool eagre_secret_find(struct eagre_text text, size_t from, struct eagre_secret *out);
/* Whether an option of this name holds a secret, so that its value is shown nowhere. */
bool eagre_secret_is_option(struct eagre_text name);
