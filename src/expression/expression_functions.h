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
eagre_kernel_fn eagre_kernel_array;
eagre_kernel_fn eagre_kernel_array_append;
eagre_kernel_fn eagre_kernel_array_compact;
eagre_kernel_fn eagre_kernel_array_concat;
eagre_kernel_fn eagre_kernel_array_contains;
eagre_kernel_fn eagre_kernel_array_distinct;
eagre_kernel_fn eagre_kernel_array_element;
eagre_kernel_fn eagre_kernel_array_except;
eagre_kernel_fn eagre_kernel_array_extreme;
eagre_kernel_fn eagre_kernel_array_insert;
eagre_kernel_fn eagre_kernel_array_intersect;
eagre_kernel_fn eagre_kernel_array_join;
eagre_kernel_fn eagre_kernel_array_position;
eagre_kernel_fn eagre_kernel_array_prepend;
eagre_kernel_fn eagre_kernel_array_remove;
eagre_kernel_fn eagre_kernel_array_repeat;
eagre_kernel_fn eagre_kernel_array_reverse;
eagre_kernel_fn eagre_kernel_array_sort;
eagre_kernel_fn eagre_kernel_array_union;
eagre_kernel_fn eagre_kernel_arrays_overlap;
eagre_kernel_fn eagre_kernel_arrays_zip;
eagre_kernel_fn eagre_kernel_flatten;
eagre_kernel_fn eagre_kernel_hash;
eagre_kernel_fn eagre_kernel_map;
eagre_kernel_fn eagre_kernel_map_concat;
eagre_kernel_fn eagre_kernel_map_contains_key;
eagre_kernel_fn eagre_kernel_map_element;
eagre_kernel_fn eagre_kernel_map_entries;
eagre_kernel_fn eagre_kernel_map_from_arrays;
eagre_kernel_fn eagre_kernel_map_from_entries;
eagre_kernel_fn eagre_kernel_map_keys;
eagre_kernel_fn eagre_kernel_map_values;
eagre_kernel_fn eagre_kernel_sequence;
eagre_kernel_fn eagre_kernel_sequence_times;
eagre_kernel_fn eagre_kernel_size;
eagre_kernel_fn eagre_kernel_slice;
eagre_kernel_fn eagre_kernel_sort_array;
eagre_kernel_fn eagre_kernel_split;
eagre_kernel_fn eagre_kernel_xxhash64;
eagre_bind_fn eagre_bind_array_concat;
eagre_kernel_fn eagre_kernel_reverse;

eagre_kernel_fn eagre_kernel_add_interval;
eagre_kernel_fn eagre_kernel_add_timestamp_months;
eagre_kernel_fn eagre_kernel_concat;
eagre_kernel_fn eagre_kernel_date_add;
eagre_kernel_fn eagre_kernel_date_sub;
eagre_kernel_fn eagre_kernel_divide_interval;
eagre_kernel_fn eagre_kernel_divide_interval_real;
eagre_kernel_fn eagre_kernel_from_csv;
eagre_kernel_fn eagre_kernel_from_json;
eagre_kernel_fn eagre_kernel_greatest;
eagre_kernel_fn eagre_kernel_hex_bytes;
eagre_kernel_fn eagre_kernel_hex_integer;
eagre_kernel_fn eagre_kernel_in;
eagre_kernel_fn eagre_kernel_isfalse;
eagre_kernel_fn eagre_kernel_istrue;
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
eagre_kernel_fn eagre_kernel_to_csv;
eagre_kernel_fn eagre_kernel_to_json;
eagre_kernel_fn eagre_kernel_window_time;

/* Binders that binders choose. */
eagre_bind_fn eagre_bind_divide_interval;
