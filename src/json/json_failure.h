/* The error of FAILFAST. */
#pragma once

#include "json/json_decoder.h"

/* Fills `error` from run->failure; `out` holds what was read of the row. Returns EAGRE_DATA. */
enum eagre_status eagre_json_failure_report(const struct eagre_json_run *run,
                                            const struct eagre_vector *out,
                                            struct eagre_error *error);
