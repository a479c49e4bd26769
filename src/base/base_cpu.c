/* Asks the processor, and heeds what was left out of the build. */
#include "base/base_cpu.h"

#include "eagre_config.h"

bool eagre_cpu_has_avx2(void) {
#if EAGRE_HAS_AVX2
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
         __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt") &&
         __builtin_cpu_supports("pclmul");
#else
  return false;
#endif
}
