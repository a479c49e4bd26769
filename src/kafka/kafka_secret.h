/* What references to secrets in settings stand for. Inside the room only. */
#pragma once

#include "base/base.h"

/* `text` with each ${env:NAME} and ${file:PATH} replaced, in `arena`; a file's last line end is not
 * part of it. USAGE SECRET_NOT_FOUND names the variable or the file. */
enum eagre_status eagre_kafka_secret_resolve(struct eagre_text text, struct eagre_arena *arena,
                                             struct eagre_text *out, struct eagre_error *error);
