/* aes_encrypt and aes_decrypt over OpenSSL, as Spark (and MySQL, Snowflake ...) lay bytes out:
 *   ECB   blocks
 *   CBC   16 bytes initialization vector, blocks
 *   GCM   12 bytes initialization vector, bytes, 16 bytes tag
 * Spark draws an initialization vector that is not given; an epoch that runs again would then write
 * other bytes, so here it must be given. */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "expression/expression_bind.h"
#include "expression/expression_functions.h"
#include "expression/expression_text.h"

enum { TAG_SIZE = 16, BLOCK_SIZE = 16, ARGUMENTS_MAX = 6 };

struct cipher_mode {
  const char *name;
  const char *padding; /* besides DEFAULT */
  const char *openssl; /* "AES-128-" and so on in front */
  size_t vector_size;
  bool has_tag;
};
static const struct cipher_mode modes[] = {
    {"ECB", "PKCS", "ECB", 0, false},
    {"CBC", "PKCS", "CBC", 16, false},
    {"GCM", "NONE", "GCM", 12, true},
};

/* One row of a call. */
struct cipher_row {
  struct eagre_kernel_call *call;
  uint32_t row;
  const struct cipher_mode *mode;
  struct eagre_text input;
  struct eagre_text key;
  struct eagre_text vector;
  struct eagre_text extra; /* authenticated, not encrypted */
};

static bool is_word(struct eagre_text text, const char *word) {
  return text.size == strlen(word) && strncasecmp(text.data, word, text.size) == 0;
}

static enum eagre_status fail_mode(const struct cipher_row *row, struct eagre_text mode,
                                   struct eagre_text padding) {
  return eagre_kernel_fail(row->call, row->row, "UNSUPPORTED_FEATURE.AES_MODE",
                           "The feature is not supported: AES-%.*s with the padding %.*s by the "
                           "`%s` function.",
                           (int)(mode.size < 50 ? mode.size : 50), mode.data,
                           (int)(padding.size < 50 ? padding.size : 50), padding.data,
                           row->call->node->function->info.name);
}

static enum eagre_status fail_crypto(const struct cipher_row *row) {
  return eagre_kernel_fail(row->call, row->row, "INVALID_PARAMETER_VALUE.AES_CRYPTO_ERROR",
                           "The value of parameter(s) `expr`, `key` in `%s` is invalid: the bytes "
                           "cannot be decrypted with this key, mode and data.",
                           row->call->node->function->info.name);
}

static enum eagre_status find_mode(struct cipher_row *row, struct eagre_text mode,
                                   struct eagre_text padding) {
  for (size_t i = 0; i < EAGRE_COUNT_OF(modes); i++) {
    if (!is_word(mode, modes[i].name)) continue;
    if (!is_word(padding, "DEFAULT") && !is_word(padding, modes[i].padding)) break;
    row->mode = &modes[i];
    return EAGRE_OK;
  }
  return fail_mode(row, mode, padding);
}

static enum eagre_status check_key(const struct cipher_row *row) {
  size_t size = row->key.size;
  if (size == 16 || size == 24 || size == 32) return EAGRE_OK;
  return eagre_kernel_fail(row->call, row->row, "INVALID_PARAMETER_VALUE.AES_KEY_LENGTH",
                           "The value of parameter(s) `key` in `%s` is invalid: expects a binary "
                           "value with 16, 24 or 32 bytes, but got %zu bytes.",
                           row->call->node->function->info.name, size);
}

/* Those of a call to encrypt. */
static enum eagre_status check_vector(const struct cipher_row *row) {
  const char *name = row->mode->name;
  size_t wanted = row->mode->vector_size;
  if (row->vector.size > 0 && wanted == 0) {
    return eagre_kernel_fail(row->call, row->row, "UNSUPPORTED_FEATURE.AES_MODE_IV",
                             "The feature is not supported: %s with initialization vectors (IVs).",
                             name);
  }
  if (row->extra.size > 0 && !row->mode->has_tag) {
    return eagre_kernel_fail(row->call, row->row, "UNSUPPORTED_FEATURE.AES_MODE_AAD",
                             "The feature is not supported: %s with additional authenticate data "
                             "(AAD).",
                             name);
  }
  if (row->vector.size == 0 && wanted > 0) {
    return eagre_kernel_fail(row->call, row->row, "UNSUPPORTED_FEATURE.AES_RANDOM_IV",
                             "The feature is not supported: %s without an initialization vector; "
                             "an epoch that is run again would give other bytes.",
                             name);
  }
  if (row->vector.size == wanted) return EAGRE_OK;
  return eagre_kernel_fail(row->call, row->row, "INVALID_PARAMETER_VALUE.AES_IV_LENGTH",
                           "The value of parameter(s) `iv` in `aes_encrypt` is invalid: supports "
                           "%zu-byte %s IVs, but got %zu bytes for %s.",
                           wanted, name, row->vector.size, name);
}

/* ---- OpenSSL -------------------------------------------------------------------------------- */

/* Kept between batches. */
struct cipher_state {
  EVP_CIPHER_CTX *context;
  EVP_CIPHER *algorithm;
  const struct cipher_mode *mode;
  size_t key_size;
};

static void free_state(void *data) {
  struct cipher_state *state = data;
  EVP_CIPHER_CTX_free(state->context);
  EVP_CIPHER_free(state->algorithm);
  eagre_free(state);
}

static struct cipher_state *get_state(const struct cipher_row *row) {
  if (row->call->state->data == NULL) {
    struct cipher_state *state = eagre_allocate_zeroed(1, sizeof *state);
    state->context = EVP_CIPHER_CTX_new();
    eagre_assert(state->context != NULL);
    row->call->state->data = state;
    row->call->state->free = free_state;
  }
  struct cipher_state *state = row->call->state->data;
  if (state->mode != row->mode || state->key_size != row->key.size) {
    char name[16];
    snprintf(name, sizeof name, "AES-%zu-%s", row->key.size * 8, row->mode->openssl);
    EVP_CIPHER_free(state->algorithm);
    state->algorithm = EVP_CIPHER_fetch(NULL, name, NULL);
    eagre_assert(state->algorithm != NULL);
    state->mode = row->mode;
    state->key_size = row->key.size;
  }
  return state;
}

static bool begin_cipher(const struct cipher_row *row, bool is_encrypting, const char *vector) {
  struct cipher_state *state = get_state(row);
  int size;
  return EVP_CIPHER_CTX_reset(state->context) == 1 &&
         EVP_CipherInit_ex2(state->context, state->algorithm, (const unsigned char *)row->key.data,
                            (const unsigned char *)vector, is_encrypting, NULL) == 1 &&
         (row->extra.size == 0 ||
          EVP_CipherUpdate(state->context, NULL, &size, (const unsigned char *)row->extra.data,
                           (int)row->extra.size) == 1);
}

/* Writes what becomes of `input`; returns how many bytes, or -1. */
static int64_t run_cipher(const struct cipher_row *row, struct eagre_text input, char *out) {
  EVP_CIPHER_CTX *context = get_state(row)->context;
  int size = 0, rest = 0;
  if (input.size > 0 && EVP_CipherUpdate(context, (unsigned char *)out, &size,
                                         (const unsigned char *)input.data, (int)input.size) != 1) {
    return -1;
  }
  if (EVP_CipherFinal_ex(context, (unsigned char *)out + size, &rest) != 1) return -1;
  return size + rest;
}

static enum eagre_status encrypt(const struct cipher_row *row, struct eagre_text_writer *writer,
                                 struct eagre_text *out) {
  EAGRE_TRY(check_vector(row));
  size_t vector_size = row->mode->vector_size;
  char *bytes =
      eagre_text_writer_reserve(writer, vector_size + row->input.size + BLOCK_SIZE + TAG_SIZE);
  if (vector_size > 0) memcpy(bytes, row->vector.data, vector_size);
  bool is_begun = begin_cipher(row, true, row->vector.data);
  int64_t size = is_begun ? run_cipher(row, row->input, bytes + vector_size) : -1;
  eagre_assert(size >= 0);
  size += (int64_t)vector_size;
  if (row->mode->has_tag) {
    int is_tagged =
        EVP_CIPHER_CTX_ctrl(get_state(row)->context, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, bytes + size);
    eagre_assert(is_tagged == 1);
    size += TAG_SIZE;
  }
  *out = eagre_text_writer_take(writer, (size_t)size);
  return EAGRE_OK;
}

static enum eagre_status decrypt(const struct cipher_row *row, struct eagre_text_writer *writer,
                                 struct eagre_text *out) {
  size_t vector_size = row->mode->vector_size;
  size_t tag_size = row->mode->has_tag ? TAG_SIZE : 0;
  if (row->input.size < vector_size + tag_size) return fail_crypto(row);
  struct eagre_text body = {row->input.data + vector_size,
                            row->input.size - vector_size - tag_size};
  char *bytes = eagre_text_writer_reserve(writer, body.size + BLOCK_SIZE);
  bool is_begun = begin_cipher(row, false, row->input.data);
  if (is_begun && tag_size > 0) {
    is_begun = EVP_CIPHER_CTX_ctrl(get_state(row)->context, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE,
                                   (char *)body.data + body.size) == 1;
  }
  int64_t size = is_begun ? run_cipher(row, body, bytes) : -1;
  if (size < 0) return fail_crypto(row);
  *out = eagre_text_writer_take(writer, (size_t)size);
  return EAGRE_OK;
}

/* ---- Calls ---------------------------------------------------------------------------------- */

static struct eagre_text read_argument(const struct eagre_kernel_call *call, uint32_t index,
                                       uint32_t row, const char *otherwise) {
  return index < call->node->argument_count ? eagre_kernel_text(call, index, row)
                                            : eagre_text_of(otherwise);
}

static enum eagre_status run_row(struct eagre_kernel_call *call, uint32_t row, bool is_encrypting,
                                 struct eagre_text_writer *writer, struct eagre_text *out) {
  uint32_t extra = is_encrypting ? 5 : 4;
  struct cipher_row one = {
      .call = call,
      .row = row,
      .input = eagre_kernel_text(call, 0, row),
      .key = eagre_kernel_text(call, 1, row),
      .vector = is_encrypting ? read_argument(call, 4, row, "") : (struct eagre_text){0},
      .extra = read_argument(call, extra, row, ""),
  };
  if (one.input.size > EAGRE_TEXT_SIZE_MAX) return eagre_text_fail_size(call, row);
  EAGRE_TRY(check_key(&one));
  if (!eagre_kernel_is_live(call, row)) return EAGRE_OK;
  EAGRE_TRY(
      find_mode(&one, read_argument(call, 2, row, "GCM"), read_argument(call, 3, row, "DEFAULT")));
  if (one.mode == NULL) return EAGRE_OK;
  return is_encrypting ? encrypt(&one, writer, out) : decrypt(&one, writer, out);
}

static enum eagre_status run_rows(struct eagre_kernel_call *call, bool is_encrypting) {
  struct eagre_text *out = eagre_kernel_out_zeroed(call);
  struct eagre_text_writer writer;
  eagre_text_writer_init(&writer, call->arena);
  for (uint32_t row = 0; row < call->row_count; row++) {
    if (!eagre_kernel_is_live(call, row)) continue;
    EAGRE_TRY(run_row(call, row, is_encrypting, &writer, &out[row]));
  }
  return EAGRE_OK;
}

static enum eagre_status run_encrypt(struct eagre_kernel_call *call) {
  return run_rows(call, true);
}

static enum eagre_status run_decrypt(struct eagre_kernel_call *call) {
  return run_rows(call, false);
}

/* Mode and padding are texts, all else is bytes. */
static enum eagre_status bind_cipher(struct eagre_bind *bind, eagre_kernel_fn *kernel,
                                     struct eagre_expression **out) {
  for (uint32_t i = 0; i < bind->argument_count; i++) {
    bool is_text = i == 2 || i == 3;
    EAGRE_TRY(eagre_bind_parameter(bind, i, is_text ? EAGRE_TYPE_STRING : EAGRE_TYPE_BINARY));
  }
  *out = eagre_bind_call(bind, eagre_type_of(EAGRE_TYPE_BINARY), kernel);
  return EAGRE_OK;
}

enum eagre_status eagre_bind_aes_encrypt(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_cipher(bind, run_encrypt, out);
}

enum eagre_status eagre_bind_aes_decrypt(struct eagre_bind *bind, struct eagre_expression **out) {
  return bind_cipher(bind, run_decrypt, out);
}

enum eagre_status eagre_bind_try_aes_decrypt(struct eagre_bind *bind,
                                             struct eagre_expression **out) {
  EAGRE_TRY(bind_cipher(bind, run_decrypt, out));
  eagre_expression_set_try(*out);
  return EAGRE_OK;
}
