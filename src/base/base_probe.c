/* The table of static probes, for the reference. */
#include "base/base_probe.h"

#include "base/base_assert.h"

static const struct eagre_probe_info probes[EAGRE_PROBE_count] = {
#define EAGRE_PROBE_ROW(name, arguments, text) {#name, arguments, text},
#include "base/base_probe.def"
#undef EAGRE_PROBE_ROW
};

struct eagre_probe_info eagre_probe_describe(enum eagre_probe probe) {
  eagre_assert(probe < EAGRE_PROBE_count);
  return probes[probe];
}
