/* What the processor can do that a kernel of ours may be written for. */
#pragma once

#include <stdbool.h>

/* Whether kernels for AVX2 may run, with BMI1, BMI2, POPCNT and PCLMULQDQ, which every processor
 * with AVX2 has: the processor has them, and the build has not left them out (option avx2). Any
 * thread; cheap enough for every batch. */
bool eagre_cpu_has_avx2(void);
