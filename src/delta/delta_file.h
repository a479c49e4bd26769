/* Names of data files. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"

enum { EAGRE_DELTA_APPLICATION_SIZE = 8 }; /* characters of the application id in a name */

/* What a file name says; texts point into the name. */
struct eagre_delta_file_name {
  struct eagre_text application; /* EAGRE_DELTA_APPLICATION_SIZE characters */
  struct eagre_text attempt;
  int64_t epoch;
};

/* False when the name is not one of ours. */
bool eagre_delta_file_name_read(struct eagre_text name, struct eagre_delta_file_name *out);
