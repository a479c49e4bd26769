/* DOUBLE and FLOAT -> the text of Java's Double.toString and Float.toString, JDK 19 and later.
 *
 * The digits are the shortest decimal that reads back as the same number; of several the one
 * nearest to it; and when one digit would do, the nearest with two ("4.9E-324", not "5.0E-324").
 * They are found by Schubfach (Giulietti 2020), with one routine for both widths.
 *
 * For v = c * 2^q let v' = 4c * 2^q * 10^-k / 4 with k such that one unit of v' is at most the
 * distance between v and its neighbours, but ten units are more. Then one of floor(v'),
 * floor(v') + 1 or the multiples of ten around them is the answer. Quarter units are enough to
 * compare with the bounds between v and its neighbours.
 *
 * Layout: plain for 10^-3 <= |v| < 10^7, else d.dddE-dd; always a digit on both sides of the
 * point. */
#include "value/value.h"

#include "value/value_powers.h"

enum {
  /* 0.ddd * 10^point is plain for points above the one and up to the other. */
  PLAIN_POINT_MIN = -3,
  PLAIN_POINT_MAX = 7,
};

/* digits * 10^exponent */
struct decimal {
  uint64_t digits;
  int32_t exponent;
};

/* c * 2^q. The gap to the next smaller number is half the usual at powers of two. */
struct binary {
  uint64_t c;
  int32_t q;
  bool is_irregular;
};

/* floor(log10(2^e)) and floor(log10(3/4 * 2^e)), exact for |e| <= 1650. */
static int32_t log10_of_power(int32_t e) {
  return (e * 1262611) >> 22;
}

static int32_t log10_of_three_quarters(int32_t e) {
  return (e * 1262611 - 524031) >> 22;
}

/* floor(quarters * g * 2^-127), with the lowest bit set when that is not exact. g is 10^-k to 126
 * bits, rounded up; what lies below 2^-63 is its error and no sign of inexactness. */
static uint64_t scale_rounding_to_odd(uint64_t quarters, uint64_t g_high, uint64_t g_low) {
  unsigned __int128 product =
      (unsigned __int128)g_high * quarters + (uint64_t)((unsigned __int128)g_low * quarters >> 64);
  uint64_t fraction = (uint64_t)product & (UINT64_MAX >> 1);
  return (uint64_t)(product >> 63) | (fraction != 0);
}

static struct decimal find_shortest(struct binary v) {
  int32_t k = v.is_irregular ? log10_of_three_quarters(v.q) : log10_of_power(v.q);
  struct eagre_value_power power = eagre_value_powers[-k - EAGRE_VALUE_POWER_MIN];
  unsigned __int128 g = ((unsigned __int128)power.high << 64 | power.low) >> 2;
  g++;
  uint64_t g_high = (uint64_t)(g >> 64), g_low = (uint64_t)g;
  int32_t shift = v.q + eagre_value_log2_power(-k) + 2;
  uint64_t middle = v.c << 2;
  uint64_t lower = middle - (v.is_irregular ? 1 : 2), upper = middle + 2;
  middle = scale_rounding_to_odd(middle << shift, g_high, g_low);
  /* The bounds themselves read back as v only when c is even (ties to even). */
  uint64_t is_open = v.c & 1;
  lower = scale_rounding_to_odd(lower << shift, g_high, g_low) + is_open;
  upper = scale_rounding_to_odd(upper << shift, g_high, g_low) - is_open;

  uint64_t below = middle >> 2, above = below + 1;
  if (below >= 100) {
    uint64_t ten_below = below / 10 * 10, ten_above = ten_below + 10;
    bool is_below_in = lower <= ten_below << 2, is_above_in = ten_above << 2 <= upper;
    if (is_below_in != is_above_in) {
      return (struct decimal){is_below_in ? ten_below : ten_above, k};
    }
  }
  bool is_below_in = lower <= below << 2, is_above_in = above << 2 <= upper;
  if (is_below_in != is_above_in) return (struct decimal){is_below_in ? below : above, k};
  uint64_t half_way = (below << 2) + 2;
  bool is_below_nearest = middle < half_way || (middle == half_way && (below & 1) == 0);
  return (struct decimal){is_below_nearest ? below : above, k};
}

/* The answer of a short number ends in up to 16 zeros, so they go in halves. */
static void strip_zeros(struct decimal *decimal) {
  static const struct {
    uint64_t power;
    int32_t count;
  } steps[] = {{100000000, 8}, {10000, 4}, {100, 2}, {10, 1}};
  for (size_t i = 0; i < EAGRE_COUNT_OF(steps); i++) {
    if (decimal->digits % steps[i].power != 0) continue;
    decimal->digits /= steps[i].power;
    decimal->exponent += steps[i].count;
  }
  /* Sixteen zeros or more: 8 twice. */
  while (decimal->digits % 10 == 0) {
    decimal->digits /= 10;
    decimal->exponent++;
  }
}

static size_t put_scientific(char *out, const char *digits, unsigned count, int32_t exponent) {
  size_t size = 0;
  out[size++] = digits[0];
  out[size++] = '.';
  if (count == 1) {
    out[size++] = '0';
  } else {
    memcpy(out + size, digits + 1, count - 1);
    size += count - 1;
  }
  out[size++] = 'E';
  return size + eagre_value_print_integer(exponent, out + size);
}

static size_t put_plain(char *out, const char *digits, unsigned count, int32_t point) {
  size_t size = 0;
  if (point <= 0) {
    memcpy(out, "0.00", 4);
    size = (size_t)(2 - point);
    memcpy(out + size, digits, count);
    return size + count;
  }
  unsigned whole_count = (unsigned)point;
  if (count <= whole_count) {
    memcpy(out, digits, count);
    memset(out + count, '0', whole_count - count);
    memcpy(out + whole_count, ".0", 2);
    return whole_count + 2;
  }
  memcpy(out, digits, whole_count);
  out[whole_count] = '.';
  memcpy(out + whole_count + 1, digits + whole_count, count - whole_count);
  return count + 1;
}

static size_t put_decimal(char *out, struct decimal decimal) {
  char digits[20];
  strip_zeros(&decimal);
  unsigned count = (unsigned)eagre_value_print_integer((int64_t)decimal.digits, digits);
  int32_t point = (int32_t)count + decimal.exponent;
  if (point > PLAIN_POINT_MIN && point <= PLAIN_POINT_MAX) {
    return put_plain(out, digits, count, point);
  }
  return put_scientific(out, digits, count, point - 1);
}

/* The two widths. */
struct layout {
  int32_t mantissa_bits;
  int32_t exponent_bias;
  int32_t exponent_limit; /* stored exponent of infinity and NaN */
  uint64_t tiny;          /* the first c that gives two digits with the smallest exponent */
};

/* A number that is neither zero nor infinite, by its mantissa and exponent as stored. */
static struct decimal find_decimal(uint64_t mantissa, int32_t stored_exponent,
                                   const struct layout *layout) {
  int32_t q_min = 1 - layout->exponent_bias - layout->mantissa_bits;
  if (stored_exponent == 0) {
    if (mantissa >= layout->tiny) return find_shortest((struct binary){mantissa, q_min, false});
    struct decimal decimal = find_shortest((struct binary){mantissa * 10, q_min, false});
    decimal.exponent--;
    return decimal;
  }
  uint64_t c = (uint64_t)1 << layout->mantissa_bits | mantissa;
  int32_t q = q_min + stored_exponent - 1;
  /* A whole number whose neighbours are at most 1 away is its own shortest text. */
  bool is_whole = q <= 0 && q >= -layout->mantissa_bits && (c & (((uint64_t)1 << -q) - 1)) == 0;
  if (is_whole) return (struct decimal){c >> -q, 0};
  bool is_irregular = mantissa == 0 && stored_exponent > 1;
  return find_shortest((struct binary){c, q, is_irregular});
}

static size_t put_word(char *out, const char *word) {
  size_t size = strlen(word);
  memcpy(out, word, size);
  return size;
}

static size_t print_bits(uint64_t bits, bool is_negative, const struct layout *layout, char *out) {
  uint64_t mantissa = bits & (((uint64_t)1 << layout->mantissa_bits) - 1);
  int32_t stored_exponent = (int32_t)(bits >> layout->mantissa_bits);
  bool is_limit = stored_exponent == layout->exponent_limit;
  if (is_limit && mantissa != 0) return put_word(out, "NaN");
  out[0] = '-';
  out += is_negative;
  if (is_limit) return is_negative + put_word(out, "Infinity");
  if (bits == 0) return is_negative + put_word(out, "0.0");
  return is_negative + put_decimal(out, find_decimal(mantissa, stored_exponent, layout));
}

size_t eagre_value_print_double(double value, char *out) {
  static const struct layout layout = {
      .mantissa_bits = 52, .exponent_bias = 1023, .exponent_limit = 0x7ff, .tiny = 3};
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return print_bits(bits & (UINT64_MAX >> 1), bits >> 63 != 0, &layout, out);
}

size_t eagre_value_print_float(float value, char *out) {
  static const struct layout layout = {
      .mantissa_bits = 23, .exponent_bias = 127, .exponent_limit = 0xff, .tiny = 8};
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return print_bits(bits & (UINT32_MAX >> 1), bits >> 31 != 0, &layout, out);
}
