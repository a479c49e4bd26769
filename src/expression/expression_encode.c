/* Bytes as text and back: hex, unhex, base64, unbase64; digests of bytes: md5, sha1, sha2, crc32.
 *
 * base64 is MIME's, as in Spark: written in lines, and read skipping what is not of the alphabet.
 */
#include <openssl/evp.h>
#include <string.h>
#include <strings.h>

#include "expression/expression_bind.h"
#include "expression/expression_functions.h"
#include "expression/expression_text.h"

/* ---- Hex ------------------------------------------------------------------------------------ */

static void put_hex(char *out, const unsigned char *bytes, size_t size, const char *digits) {
  for (size_t i = 0; i < size; i++) {
    out[2 * i] = digits[bytes[i] >> 4];
    out[2 * i + 1] = digits[bytes[i] & 15];
  }
}

static const char upper_digits[] = "0123456789ABCDEF";
static const char lower_digits[] = "0123456789abcdef";

enum eagre_status eagre_kernel_hex_bytes(struct eagre_kernel_call *call) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  struct eagre_text_writer writer;
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    struct eagre_text bytes = eagre_kernel_text(call, 0, row);
    char *next = eagre_text_writer_reserve(&writer, bytes.size * 2);
    put_hex(next, (const unsigned char *)bytes.data, bytes.size, upper_digits);
    out[row] = eagre_text_writer_take(&writer, bytes.size * 2);
  }
  return EAGRE_OK;
}

/* Two's complement without leading zeros. */
enum eagre_status eagre_kernel_hex_integer(struct eagre_kernel_call *call) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  struct eagre_text_writer writer;
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t row = 0; row < call->row_count; row++) {
    uint64_t value = (uint64_t)EAGRE_ARGUMENT(int64_t, call, 0, row);
    size_t size = value == 0 ? 1 : (size_t)(67 - __builtin_clzll(value)) / 4;
    char *next = eagre_text_writer_reserve(&writer, size);
    for (size_t i = size; i > 0; i--, value >>= 4) {
      next[i - 1] = upper_digits[value & 15];
    }
    out[row] = eagre_text_writer_take(&writer, size);
  }
  return EAGRE_OK;
}

static int read_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/* A first digit that has no partner is a byte of its own. False when a character is no digit. */
static bool read_hex(struct eagre_text text, char *out) {
  size_t at = 0;
  if (text.size % 2 == 1) {
    int digit = read_digit(text.data[at++]);
    if (digit < 0) return false;
    *out++ = (char)digit;
  }
  for (; at < text.size; at += 2) {
    int high = read_digit(text.data[at]), low = read_digit(text.data[at + 1]);
    if (high < 0 || low < 0) return false;
    *out++ = (char)(high << 4 | low);
  }
  return true;
}

enum eagre_status eagre_kernel_unhex(struct eagre_kernel_call *call) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  struct eagre_text_writer writer;
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    struct eagre_text text = eagre_kernel_text(call, 0, row);
    size_t size = (text.size + 1) / 2;
    char *next = eagre_text_writer_reserve(&writer, size);
    if (read_hex(text, next)) {
      out[row] = eagre_text_writer_take(&writer, size);
    } else {
      eagre_kernel_set_null(call, row);
    }
  }
  return EAGRE_OK;
}

/* ---- Base64 --------------------------------------------------------------------------------- */

static const char base64_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Lines of 76 characters, as MIME wants and Spark writes. */
enum { BASE64_LINE_SIZE = 76 };

static size_t find_base64_size(size_t size) {
  size_t characters = (size + 2) / 3 * 4;
  return characters == 0 ? 0 : characters + (characters - 1) / BASE64_LINE_SIZE * 2;
}

static void put_base64(char *out, const unsigned char *bytes, size_t size) {
  size_t in_line = 0;
  for (size_t i = 0; i < size; i += 3, in_line += 4) {
    size_t left = size - i;
    uint32_t group = (uint32_t)bytes[i] << 16;
    if (left > 1) group |= (uint32_t)bytes[i + 1] << 8;
    if (left > 2) group |= bytes[i + 2];
    if (in_line == BASE64_LINE_SIZE) {
      *out++ = '\r';
      *out++ = '\n';
      in_line = 0;
    }
    *out++ = base64_alphabet[group >> 18];
    *out++ = base64_alphabet[group >> 12 & 63];
    *out++ = left > 1 ? base64_alphabet[group >> 6 & 63] : '=';
    *out++ = left > 2 ? base64_alphabet[group & 63] : '=';
  }
}

enum eagre_status eagre_kernel_base64(struct eagre_kernel_call *call) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  struct eagre_text_writer writer;
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    struct eagre_text bytes = eagre_kernel_text(call, 0, row);
    size_t size = find_base64_size(bytes.size);
    char *next = eagre_text_writer_reserve(&writer, size);
    put_base64(next, (const unsigned char *)bytes.data, bytes.size);
    out[row] = eagre_text_writer_take(&writer, size);
  }
  return EAGRE_OK;
}

static int read_base64_character(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

/* Whether the text may end with `rest`, which begins with '=', after `count` characters of a
 * group. */
static bool ends_group(struct eagre_text rest, unsigned count) {
  if (count < 2) return false;
  size_t at = 1;
  if (count == 2) {
    if (rest.size < 2 || rest.data[1] != '=') return false;
    at = 2;
  }
  for (; at < rest.size; at++) {
    if (read_base64_character(rest.data[at]) >= 0) return false;
  }
  return true;
}

/* The number of bytes written, or -1 when the text does not end with a group. */
static int64_t read_base64(struct eagre_text text, char *out) {
  char *next = out;
  uint32_t group = 0;
  unsigned count = 0;
  for (size_t i = 0; i < text.size; i++) {
    if (text.data[i] == '=') {
      if (!ends_group((struct eagre_text){text.data + i, text.size - i}, count)) return -1;
      break;
    }
    int value = read_base64_character(text.data[i]);
    if (value < 0) continue;
    group = group << 6 | (uint32_t)value;
    if (++count < 4) continue;
    *next++ = (char)(group >> 16);
    *next++ = (char)(group >> 8);
    *next++ = (char)group;
    group = 0;
    count = 0;
  }
  if (count == 1) return -1;
  if (count > 1) *next++ = (char)(group >> (count == 2 ? 4 : 10));
  if (count > 2) *next++ = (char)(group >> 2);
  return next - out;
}

static enum eagre_status fail_conversion(struct eagre_kernel_call *call, uint32_t row,
                                         const char *format) {
  struct eagre_text text = eagre_kernel_text(call, 0, row);
  return eagre_kernel_fail(call, row, "CONVERSION_INVALID_INPUT",
                           "The value '%.*s' (%s) cannot be converted to \"BINARY\" because it is "
                           "malformed. Correct the value as per the syntax, or change its format.",
                           (int)(text.size < 200 ? text.size : 200), text.data, format);
}

/* The reader of a format: bytes written to `out`, which has room for three more than the text, or
 * -1. */
typedef int64_t read_bytes_fn(struct eagre_text text, char *out);

static enum eagre_status read_rows(struct eagre_kernel_call *call, read_bytes_fn *read,
                                   const char *format) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  struct eagre_text_writer writer;
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    struct eagre_text text = eagre_kernel_text(call, 0, row);
    int64_t size = read(text, eagre_text_writer_reserve(&writer, text.size + 3));
    if (size >= 0) {
      out[row] = eagre_text_writer_take(&writer, (size_t)size);
    } else {
      EAGRE_TRY(fail_conversion(call, row, format));
    }
  }
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_unbase64(struct eagre_kernel_call *call) {
  return read_rows(call, read_base64, "base64");
}

/* ---- to_binary ------------------------------------------------------------------------------ */

/* Unlike unbase64, only white space is skipped. */
static int64_t read_strict_base64(struct eagre_text text, char *out) {
  for (size_t i = 0; i < text.size; i++) {
    char c = text.data[i];
    bool is_space = c == ' ' || (c >= '\t' && c <= '\r');
    if (!is_space && c != '=' && read_base64_character(c) < 0) return -1;
  }
  return read_base64(text, out);
}

static int64_t read_strict_hex(struct eagre_text text, char *out) {
  return read_hex(text, out) ? (int64_t)(text.size + 1) / 2 : -1;
}

static enum eagre_status run_read_base64(struct eagre_kernel_call *call) {
  return read_rows(call, read_strict_base64, "BASE64");
}

static enum eagre_status run_read_hex(struct eagre_kernel_call *call) {
  return read_rows(call, read_strict_hex, "HEX");
}

static bool is_word(struct eagre_text text, const char *word) {
  return text.size == strlen(word) && strncasecmp(text.data, word, text.size) == 0;
}

/* The format is a constant: hex (also when it is not given), base64 or UTF-8. *out_is_known: it is
 * one of them. */
static enum eagre_status bind_read(struct eagre_bind *bind, struct eagre_text format,
                                   bool *out_is_known, struct eagre_expression **out) {
  const struct eagre_type *binary = eagre_type_of(EAGRE_TYPE_BINARY);
  bool is_text = is_word(format, "utf-8") || is_word(format, "utf8");
  bool is_base64 = is_word(format, "base64");
  *out_is_known = is_text || is_base64 || is_word(format, "hex");
  EAGRE_TRY(eagre_bind_parameter(bind, 0, EAGRE_TYPE_STRING));
  bind->argument_count = 1;
  if (is_text)
    return eagre_expression_cast(bind->arena, bind->arguments[0], binary, false, bind->session,
                                 bind->position, out, bind->error);
  *out = eagre_bind_call(bind, binary, is_base64 ? run_read_base64 : run_read_hex);
  return EAGRE_OK;
}

/* NULL for a format that is NULL. */
static enum eagre_status bind_to_binary(struct eagre_bind *bind, bool is_try,
                                        struct eagre_expression **out) {
  struct eagre_text format = EAGRE_TEXT("hex");
  bool is_known;
  if (bind->argument_count == 2) {
    if (eagre_expression_is_null(bind->arguments[1])) {
      *out =
          eagre_expression_new_null(bind->arena, eagre_type_of(EAGRE_TYPE_BINARY), bind->position);
      return EAGRE_OK;
    }
    EAGRE_TRY(eagre_bind_constant_text(bind, 1, "fmt", &format));
  }
  EAGRE_TRY(bind_read(bind, format, &is_known, out));
  if (!is_known && !is_try) {
    return eagre_bind_mismatch(bind, "INVALID_ARG_VALUE",
                               "The `fmt` value must to be a \"case-insensitive \"STRING\" literal "
                               "of 'hex', 'utf-8', 'utf8', or 'base64'\", but got '%.*s'.",
                               (int)(format.size < 50 ? format.size : 50), format.data);
  }
  if (!is_known) {
    *out = eagre_expression_new_null(bind->arena, eagre_type_of(EAGRE_TYPE_BINARY), bind->position);
  } else if (is_try) {
    eagre_expression_set_try(*out);
  }
  return EAGRE_OK;
}

enum eagre_status eagre_bind_to_binary(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_to_binary(bind, false, out);
}

enum eagre_status eagre_bind_try_to_binary(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_to_binary(bind, true, out);
}

/* ---- Digests -------------------------------------------------------------------------------- */

/* Algorithm and context are kept: fetching them costs more than the digest of a short text. */
struct digest_state {
  EVP_MD_CTX *context;
  EVP_MD *algorithm;
  int bit_length;
};

static void free_digest(void *data) {
  struct digest_state *state = data;
  EVP_MD_CTX_free(state->context);
  EVP_MD_free(state->algorithm);
  eagre_free(state);
}

static struct digest_state *get_digest(struct eagre_kernel_call *call) {
  if (call->state->data == NULL) {
    struct digest_state *state = eagre_allocate_zeroed(1, sizeof *state);
    state->context = EVP_MD_CTX_new();
    eagre_assert(state->context != NULL);
    call->state->data = state;
    call->state->free = free_digest;
  }
  return call->state->data;
}

/* The bit length of the wanted sha2, or of md5 (128) and sha1 (160); false when there is none. */
static bool use_algorithm(struct digest_state *state, int bit_length) {
  static const struct {
    int bit_length;
    const char *name;
  } algorithms[] = {{128, "MD5"},    {160, "SHA1"},   {224, "SHA224"},
                    {256, "SHA256"}, {384, "SHA384"}, {512, "SHA512"}};
  if (state->algorithm != NULL && state->bit_length == bit_length) return true;
  for (size_t i = 0; i < EAGRE_COUNT_OF(algorithms); i++) {
    if (algorithms[i].bit_length != bit_length) continue;
    EVP_MD_free(state->algorithm);
    state->algorithm = EVP_MD_fetch(NULL, algorithms[i].name, NULL);
    state->bit_length = bit_length;
    return state->algorithm != NULL;
  }
  return false;
}

static struct eagre_text digest_text(struct digest_state *state, struct eagre_text bytes,
                                     struct eagre_text_writer *writer) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  bool is_done = EVP_DigestInit_ex2(state->context, state->algorithm, NULL) == 1 &&
                 EVP_DigestUpdate(state->context, bytes.data, bytes.size) == 1 &&
                 EVP_DigestFinal_ex(state->context, digest, &size) == 1;
  eagre_assert(is_done);
  char *next = eagre_text_writer_reserve(writer, (size_t)size * 2);
  put_hex(next, digest, size, lower_digits);
  return eagre_text_writer_take(writer, (size_t)size * 2);
}

/* sha2(bytes, 0) is SHA-256. */
static int read_bit_length(const struct eagre_kernel_call *call, uint32_t row, int fixed) {
  if (fixed != 0) return fixed;
  int32_t wanted = EAGRE_ARGUMENT(int32_t, call, 1, row);
  return wanted == 0 ? 256 : wanted < 224 ? -1 : wanted;
}

static enum eagre_status run_digest(struct eagre_kernel_call *call, int fixed) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  struct digest_state *state = get_digest(call);
  struct eagre_text_writer writer;
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    if (use_algorithm(state, read_bit_length(call, row, fixed))) {
      out[row] = digest_text(state, eagre_kernel_text(call, 0, row), &writer);
    } else {
      eagre_kernel_set_null(call, row);
    }
  }
  return EAGRE_OK;
}

enum eagre_status eagre_kernel_md5(struct eagre_kernel_call *call) {
  return run_digest(call, 128);
}

enum eagre_status eagre_kernel_sha1(struct eagre_kernel_call *call) {
  return run_digest(call, 160);
}

enum eagre_status eagre_kernel_sha2(struct eagre_kernel_call *call) {
  return run_digest(call, 0);
}

enum eagre_status eagre_kernel_crc32(struct eagre_kernel_call *call) {
  int64_t *out = eagre_kernel_out(call);
  for (uint32_t row = 0; row < call->row_count; row++) {
    struct eagre_text bytes = eagre_kernel_text(call, 0, row);
    out[row] = eagre_crc32(0, bytes.data, bytes.size);
  }
  return EAGRE_OK;
}
