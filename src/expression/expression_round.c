/* ceil, floor, round, bround.
 *
 * Reals are rounded on their shortest decimal digits, as Spark does (BigDecimal of
 * Double.toString): round(2.675D, 2) is 2.68 although the double lies below. */
#include <math.h>
#include <string.h>

#include "expression/expression_bind.h"
#include "expression/expression_functions.h"
#include "expression/expression_round.h"

/* ---- ceil, floor ---------------------------------------------------------------------------- */

/* Java's cast to long: saturating, NaN becomes 0. */
static int64_t saturate(double value) {
  if (isnan(value)) return 0;
  if (value >= 0x1p63) return INT64_MAX;
  if (value <= -0x1p63) return INT64_MIN;
  return (int64_t)value;
}

static enum eagre_status run_ceil(struct eagre_kernel_call *call) {
  const double *a = call->arguments[0]->data;
  int64_t *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    out[row] = saturate(ceil(a[row]));
  }
  return EAGRE_OK;
}

static enum eagre_status run_floor(struct eagre_kernel_call *call) {
  const double *a = call->arguments[0]->data;
  int64_t *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    out[row] = saturate(floor(a[row]));
  }
  return EAGRE_OK;
}

static enum eagre_status read_scale(struct eagre_bind *bind, int64_t *out, bool *out_is_null) {
  *out = 0;
  *out_is_null = false;
  if (bind->argument_count < 2) return EAGRE_OK;
  EAGRE_TRY(eagre_bind_parameter(bind, 1, EAGRE_TYPE_INT));
  if (!bind->arguments[1]->is_constant) {
    return eagre_bind_mismatch(bind, "NON_FOLDABLE_INPUT",
                               "the input `scala` should be a foldable \"INT\" expression; "
                               "however, got %s.",
                               eagre_expression_sql(bind->arena, bind->arguments[1]));
  }
  struct eagre_vector value;
  EAGRE_TRY(
      eagre_expression_fold(bind->arena, bind->arguments[1], bind->session, &value, bind->error));
  *out_is_null = eagre_vector_is_null(&value, 0);
  if (!*out_is_null) *out = *EAGRE_VALUES(int32_t, &value);
  return EAGRE_OK;
}

/* Beside a scale every number becomes a DECIMAL first. */
static enum eagre_status bind_with_scale(struct eagre_bind *bind, enum eagre_rounding rounding,
                                         struct eagre_expression **out) {
  int64_t scale;
  bool is_null;
  EAGRE_TRY(read_scale(bind, &scale, &is_null));
  if (is_null) {
    return eagre_bind_fail(bind, bind->position, "NON_FOLDABLE_ARGUMENT",
                           "The function `%s` requires the parameter `scale` to be a foldable "
                           "expression of the type \"INT\", but the actual argument is a NULL.",
                           bind->function->info.name);
  }
  const struct eagre_type *type = bind->arguments[0]->type;
  if (!eagre_type_is_numeric(type->kind)) {
    EAGRE_TRY(eagre_bind_parameter(bind, 0, EAGRE_TYPE_DOUBLE));
    type = bind->arguments[0]->type;
  }
  EAGRE_TRY(eagre_bind_cast(bind, 0, eagre_coerce_decimal_of(bind->arena, type)));
  return eagre_bind_round_decimal(bind, scale, rounding, out);
}

/* Without a scale a DECIMAL needs a digit for the carry only when it has a fraction. */
static enum eagre_status bind_whole(struct eagre_bind *bind, eagre_kernel_fn *kernel,
                                    enum eagre_rounding rounding, struct eagre_expression **out) {
  if (bind->argument_count == 2) return bind_with_scale(bind, rounding, out);
  enum eagre_type_kind kind = eagre_bind_kind(bind, 0);
  bool is_whole_decimal = kind == EAGRE_TYPE_DECIMAL && bind->arguments[0]->type->scale == 0;
  if (kind == EAGRE_TYPE_BIGINT || is_whole_decimal) {
    *out = bind->arguments[0];
    return EAGRE_OK;
  }
  if (kind == EAGRE_TYPE_DECIMAL) return eagre_bind_round_decimal(bind, 0, rounding, out);
  EAGRE_TRY(eagre_bind_parameter(bind, 0, EAGRE_TYPE_DOUBLE));
  *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_BIGINT), kernel);
  return EAGRE_OK;
}

enum eagre_status eagre_bind_ceil(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_whole(bind, run_ceil, EAGRE_ROUND_CEILING, out);
}

enum eagre_status eagre_bind_floor(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_whole(bind, run_floor, EAGRE_ROUND_FLOOR, out);
}

/* ---- round, bround: decimal digits ---------------------------------------------------------- */

/* parameters[0]: the scale; parameters[1]: halves go to the even digit instead of away from zero.
 */
static bool goes_up(const char *digits, int kept, int count, bool to_even) {
  if (kept < 0 || kept >= count) return false;
  if (digits[kept] != '5') return digits[kept] > '5';
  for (int i = kept + 1; i < count; i++) {
    if (digits[i] != '0') return true;
  }
  if (!to_even) return true;
  return kept > 0 && (digits[kept - 1] - '0') % 2 == 1;
}

/* Rounds `digits` (count of them, the point before digit `point`) to `scale` digits behind the
 * point; the result has *out_count digits and the point before *out_point. */
static void round_digits(char *digits, int count, int point, int64_t scale, bool to_even,
                         int *out_count, int *out_point) {
  int64_t kept_wide = (int64_t)point + scale;
  *out_point = point;
  *out_count = count;
  if (kept_wide >= count) return;
  int kept = kept_wide < -1 ? -1 : (int)kept_wide;
  bool is_up = goes_up(digits, kept, count, to_even);
  *out_count = kept < 0 ? 0 : kept;
  if (!is_up) return;
  int at = *out_count - 1;
  while (at >= 0 && digits[at] == '9') {
    digits[at--] = '0';
  }
  if (at >= 0) {
    digits[at]++;
    return;
  }
  memmove(digits + 1, digits, (size_t)*out_count);
  digits[0] = '1';
  *out_count += 1;
  *out_point += 1;
}

/* Takes "-1.25E-7" apart: digits without the point, and where the point is. */
static int split_printed(const char *text, size_t size, char *digits, int *out_point) {
  int count = 0, exponent = 0, point = -1;
  for (size_t i = 0; i < size; i++) {
    if (text[i] >= '0' && text[i] <= '9') {
      digits[count++] = text[i];
    } else if (text[i] == '.') {
      point = count;
    } else if (text[i] == 'E') {
      bool is_negative = text[i + 1] == '-';
      for (i += 1 + is_negative; i < size; i++) {
        exponent = exponent * 10 + (text[i] - '0');
      }
      if (is_negative) exponent = -exponent;
    }
  }
  *out_point = (point < 0 ? count : point) + exponent;
  return count;
}

static double join_digits(bool is_negative, const char *digits, int count, int point) {
  char text[64];
  int size = 0;
  text[size++] = is_negative ? '-' : '+';
  text[size++] = '0';
  text[size++] = '.';
  memcpy(text + size, digits, (size_t)count);
  size += count;
  if (count == 0) text[size++] = '0';
  text[size++] = 'e';
  if (point < 0) {
    text[size++] = '-';
    point = -point;
  }
  size += (int)eagre_value_print_integer(point, text + size);
  double value = 0;
  eagre_value_parse_double((struct eagre_text){text, (size_t)size}, &value);
  return value;
}

static double round_real(const char *printed, size_t size, double value, int64_t scale,
                         bool to_even) {
  char digits[64];
  int point, rounded_count, rounded_point;
  bool is_negative = printed[0] == '-';
  int count = split_printed(printed, size, digits, &point);
  round_digits(digits, count, point, scale, to_even, &rounded_count, &rounded_point);
  if (rounded_count == count && rounded_point == point) return value == 0 ? 0.0 : value;
  double rounded = join_digits(is_negative, digits, rounded_count, rounded_point);
  return rounded == 0 ? 0.0 : rounded;
}

static enum eagre_status round_double(struct eagre_kernel_call *call) {
  const double *a = call->arguments[0]->data;
  double *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    char printed[40];
    out[row] = a[row];
    if (!isfinite(a[row]) || !eagre_kernel_is_live(call, row)) continue;
    size_t size = eagre_value_print_double(a[row], printed);
    out[row] = round_real(printed, size, a[row], call->node->parameters[0],
                          call->node->parameters[1] != 0);
  }
  return EAGRE_OK;
}

static enum eagre_status round_float(struct eagre_kernel_call *call) {
  const float *a = call->arguments[0]->data;
  float *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    char printed[40];
    out[row] = a[row];
    if (!isfinite(a[row]) || !eagre_kernel_is_live(call, row)) continue;
    size_t size = eagre_value_print_float(a[row], printed);
    out[row] = (float)round_real(printed, size, (double)a[row], call->node->parameters[0],
                                 call->node->parameters[1] != 0);
  }
  return EAGRE_OK;
}

/* ---- round, bround: integrals --------------------------------------------------------------- */

/* `value` to a multiple of 10^-scale; false when it leaves the range of BIGINT: *out has its low
 * bits then. */
static bool round_integer(int64_t value, int64_t scale, bool to_even, int64_t *out) {
  *out = 0;
  if (scale < -19) return true;
  unsigned __int128 power = 1;
  for (int64_t i = scale; i < 0; i++) {
    power *= 10;
  }
  bool is_negative = value < 0;
  unsigned __int128 size = is_negative ? 0 - (unsigned __int128)value : (unsigned __int128)value;
  unsigned __int128 quotient = size / power;
  unsigned __int128 twice = size % power * 2;
  bool is_up = twice > power || (twice == power && (!to_even || quotient % 2 == 1));
  unsigned __int128 rounded = (quotient + is_up) * power;
  *out = (int64_t)(is_negative ? 0 - (uint64_t)rounded : (uint64_t)rounded);
  return rounded <= (unsigned __int128)INT64_MAX + is_negative;
}

#define DEFINE_ROUND_INTEGER(name, type, what)                                                     \
  static enum eagre_status name(struct eagre_kernel_call *call) {                                  \
    const type *a = call->arguments[0]->data;                                                      \
    type *out = eagre_kernel_out(call);                                                            \
    for (uint32_t row = 0; row < call->row_count; row++) {                                         \
      int64_t rounded;                                                                             \
      bool is_inside = round_integer(a[row], call->node->parameters[0],                            \
                                     call->node->parameters[1] != 0, &rounded);                    \
      out[row] = (type)rounded;                                                                    \
      if (call->node->is_legacy || (is_inside && out[row] == rounded)) continue;                   \
      if (eagre_kernel_is_live(call, row)) {                                                       \
        EAGRE_TRY(eagre_kernel_fail_overflow(call, row, what, NULL));                              \
      }                                                                                            \
    }                                                                                              \
    return EAGRE_OK;                                                                               \
  }

DEFINE_ROUND_INTEGER(round_tinyint, int8_t, "Overflow")
DEFINE_ROUND_INTEGER(round_smallint, int16_t, "Overflow")
DEFINE_ROUND_INTEGER(round_int, int32_t, "Overflow")
DEFINE_ROUND_INTEGER(round_bigint, int64_t, "Overflow")

/* ---- round, bround: binding ----------------------------------------------------------------- */

static enum eagre_status bind_round(struct eagre_bind *bind, bool to_even,
                                    struct eagre_expression **out) {
  static eagre_kernel_fn *const kernels[EAGRE_TYPE_count] = {
      [EAGRE_TYPE_TINYINT] = round_tinyint, [EAGRE_TYPE_SMALLINT] = round_smallint,
      [EAGRE_TYPE_INT] = round_int,         [EAGRE_TYPE_BIGINT] = round_bigint,
      [EAGRE_TYPE_FLOAT] = round_float,     [EAGRE_TYPE_DOUBLE] = round_double,
  };
  int64_t scale;
  bool is_null;
  EAGRE_TRY(read_scale(bind, &scale, &is_null));
  bool is_decimal = eagre_expression_is_decimal(bind->arguments[0]);
  if (is_decimal) {
    EAGRE_TRY(eagre_bind_round_decimal(bind, scale,
                                       to_even ? EAGRE_ROUND_HALF_EVEN : EAGRE_ROUND_HALF_UP, out));
    if (is_null) *out = eagre_expression_new_null(bind->arena, (*out)->type, bind->position);
    return EAGRE_OK;
  }
  if (!is_decimal && kernels[eagre_bind_kind(bind, 0)] == NULL) {
    EAGRE_TRY(eagre_bind_parameter(bind, 0, EAGRE_TYPE_DOUBLE));
  }
  const struct eagre_type *type = bind->arguments[0]->type;
  if (is_null) {
    *out = eagre_expression_new_null(bind->arena, type, bind->position);
    return EAGRE_OK;
  }
  *out = eagre_bind_call(bind, type, kernels[type->kind]);
  (*out)->parameters[0] = scale;
  (*out)->parameters[1] = to_even;
  bool is_safe = !eagre_type_is_integral(type->kind) || scale >= 0;
  if (is_safe) eagre_expression_set_safe(*out);
  return EAGRE_OK;
}

enum eagre_status eagre_bind_round(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_round(bind, false, out);
}

enum eagre_status eagre_bind_bround(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_round(bind, true, out);
}
