/* What `eagre version` says. */
#include "eagre_config.h"
#include "inspect/inspect.h"

void eagre_inspect_build(struct eagre_buffer *out) {
  eagre_buffer_printf(out, "eagre %s\n", EAGRE_VERSION);
  eagre_buffer_printf(out, "compiler  %s\n", __VERSION__);
#if defined(__x86_64__)
  eagre_buffer_printf(
      out, "cpu       x86-64%s%s%s\n", __builtin_cpu_supports("sse4.2") ? ", sse4.2 (crc32c)" : "",
      __builtin_cpu_supports("avx2") ? ", avx2" : "", eagre_cpu_has_avx2() ? " (json)" : "");
#elif defined(__aarch64__)
  eagre_buffer_append_string(out, "cpu       aarch64\n");
#endif
}
