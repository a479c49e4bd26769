/* The fast decoder in portable C. */
#include "json/isa/json_isa_scalar.h"

#include "json/json_fast.h"
