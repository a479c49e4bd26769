/* The fast decoder for AVX2; compiled with those instructions on, called only where they exist. */
#include "json/isa/json_isa_avx2.h"

#include "json/json_fast.h"
