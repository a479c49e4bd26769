/* The kernels and binders that expression_functions.def names: one declaration per row. */
#pragma once

#include "expression/expression_kernel.h"

#define EAGRE_FUNCTION(name, group, flags, signature, kernel, usage, text)                         \
  eagre_kernel_fn eagre_kernel_##kernel;
#define EAGRE_FUNCTION_BOUND(name, group, flags, arity_min, arity_max, binder, usage, text)        \
  eagre_bind_fn eagre_bind_##binder;
#define EAGRE_FUNCTION_AGGREGATE(name, arity_min, arity_max, binder, usage, text)
#include "expression/expression_functions.def"
#undef EAGRE_FUNCTION
#undef EAGRE_FUNCTION_BOUND
#undef EAGRE_FUNCTION_AGGREGATE

/* Kernels that binders choose. */
eagre_kernel_fn eagre_kernel_add_interval;
eagre_kernel_fn eagre_kernel_add_timestamp_months;
eagre_kernel_fn eagre_kernel_concat;
eagre_kernel_fn eagre_kernel_date_add;
eagre_kernel_fn eagre_kernel_date_sub;
eagre_kernel_fn eagre_kernel_divide_interval;
eagre_kernel_fn eagre_kernel_divide_interval_real;
eagre_kernel_fn eagre_kernel_from_json;
eagre_kernel_fn eagre_kernel_greatest;
eagre_kernel_fn eagre_kernel_hex_bytes;
eagre_kernel_fn eagre_kernel_hex_integer;
eagre_kernel_fn eagre_kernel_in;
eagre_kernel_fn eagre_kernel_least;
eagre_kernel_fn eagre_kernel_left;
eagre_kernel_fn eagre_kernel_length;
eagre_kernel_fn eagre_kernel_lpad;
eagre_kernel_fn eagre_kernel_multiply_interval;
eagre_kernel_fn eagre_kernel_multiply_interval_real;
eagre_kernel_fn eagre_kernel_null_safe_equal;
eagre_kernel_fn eagre_kernel_raise_error;
eagre_kernel_fn eagre_kernel_rpad;
eagre_kernel_fn eagre_kernel_sign;
eagre_kernel_fn eagre_kernel_substring;
eagre_kernel_fn eagre_kernel_substring_bytes;
eagre_kernel_fn eagre_kernel_subtract_dates;
eagre_kernel_fn eagre_kernel_subtract_timestamps;
eagre_kernel_fn eagre_kernel_to_json;
eagre_kernel_fn eagre_kernel_window_time;

/* Binders that binders choose. */
eagre_bind_fn eagre_bind_divide_interval;
