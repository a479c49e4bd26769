/* Static probes (USDT): places where bpftrace, perf, gdb and SystemTap can look into a program that
 * runs. A probe is an instruction that does nothing and a note in the ELF file that says where it
 * is and where its arguments are; nobody who looks, nothing that it costs but having them at hand.
 * So: arguments are integers and strings that are there anyway.
 *
 * Without <sys/sdt.h> (Debian's systemtap-sdt-dev) at compile time there are none. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "eagre_config.h"

enum eagre_probe {
#define EAGRE_PROBE_ROW(name, arguments, text) EAGRE_PROBE_##name,
#include "base/base_probe.def"
#undef EAGRE_PROBE_ROW
  EAGRE_PROBE_count
};

struct eagre_probe_info {
  const char *name;
  const char *arguments; /* their names, with commas */
  const char *text;
};

/* Any thread: a row of base_probe.def; constants of the program. */
struct eagre_probe_info eagre_probe_describe(enum eagre_probe probe);

/* Any thread. `name` is a row of base_probe.def, behind it come its arguments. */
#if EAGRE_HAS_USDT
#define SDT_USE_VARIADIC 1
#include <sys/sdt.h>
#define EAGRE_PROBE(name, ...)                                                                     \
  do {                                                                                             \
    (void)EAGRE_PROBE_##name;                                                                      \
    STAP_PROBEV(eagre, name, __VA_ARGS__);                                                         \
  } while (false)
#else
static inline void eagre_probe_nowhere(enum eagre_probe probe, ...) {
  (void)probe;
}
#define EAGRE_PROBE(name, ...)                                                                     \
  do {                                                                                             \
    if (false) eagre_probe_nowhere(EAGRE_PROBE_##name, __VA_ARGS__);                               \
  } while (false)
#endif
