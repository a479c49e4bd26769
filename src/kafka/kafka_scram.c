/* Messages of SCRAM, and the arithmetic of its proofs:
 *
 *   salted   = PBKDF2(password, salt, iterations)
 *   key      = HMAC(salted, "Client Key"), stored = H(key)
 *   auth     = client-first-bare "," server-first "," client-final-without-proof
 *   proof    = key XOR HMAC(stored, auth)
 *   server   = HMAC(HMAC(salted, "Server Key"), auth) */
#include "kafka/kafka_scram.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

enum { SALT_SIZE_MAX = 1024, MESSAGE_SIZE_MAX = 16 * 1024 };

typedef unsigned char digest[EAGRE_KAFKA_SCRAM_HASH_SIZE_MAX];

/* ---- Hashes ---------------------------------------------------------------------------------- */

static const EVP_MD *get_hash(const struct eagre_kafka_scram *scram) {
  return scram->hash == EAGRE_KAFKA_SCRAM_SHA_256 ? EVP_sha256() : EVP_sha512();
}

static size_t get_size(const struct eagre_kafka_scram *scram) {
  return (size_t)EVP_MD_get_size(get_hash(scram));
}

static bool sign(const struct eagre_kafka_scram *scram, const unsigned char *key,
                 struct eagre_text text, unsigned char *out) {
  return HMAC(get_hash(scram), key, (int)get_size(scram), (const unsigned char *)text.data,
              text.size, out, NULL) != NULL;
}

/* ---- Base64 ---------------------------------------------------------------------------------- */

static void append_base64(struct eagre_buffer *out, const unsigned char *bytes, size_t size) {
  char text[4 * ((EAGRE_KAFKA_SCRAM_HASH_SIZE_MAX + 2) / 3) + 1];
  eagre_assert(size <= EAGRE_KAFKA_SCRAM_HASH_SIZE_MAX);
  int length = EVP_EncodeBlock((unsigned char *)text, bytes, (int)size);
  eagre_buffer_append(out, text, (size_t)length);
}

/* The value of a digit; -1: it is none. */
static int get_digit(char character) {
  if (character >= 'A' && character <= 'Z') return character - 'A';
  if (character >= 'a' && character <= 'z') return character - 'a' + 26;
  if (character >= '0' && character <= '9') return character - '0' + 52;
  if (character == '+') return 62;
  return character == '/' ? 63 : -1;
}

/* The only spelling there is: no spaces, padded, no bits behind the last byte. */
static bool read_base64(struct eagre_text text, unsigned char *out, size_t capacity,
                        size_t *out_size) {
  uint32_t bits = 0;
  size_t padding = 0;
  if (text.size == 0 || text.size % 4 != 0 || text.size / 4 * 3 > capacity) return false;
  while (padding < 2 && text.data[text.size - 1 - padding] == '=') {
    padding++;
  }
  *out_size = 0;
  for (size_t i = 0; i < text.size - padding; i++) {
    int digit = get_digit(text.data[i]);
    if (digit < 0) return false;
    bits = bits << 6 | (uint32_t)digit;
    if (i % 4 != 0) out[(*out_size)++] = (unsigned char)(bits >> (6 - i % 4 * 2));
  }
  uint32_t rest = padding == 0 ? 0 : bits & ((1U << (padding * 2)) - 1);
  return rest == 0;
}

/* ---- Attributes ------------------------------------------------------------------------------ */

/* Takes "NAME=value" and the comma behind it off the front of the text. */
static bool take_attribute(struct eagre_text *text, char name, struct eagre_text *out) {
  if (text->size < 2 || text->data[0] != name || text->data[1] != '=') return false;
  const char *comma = memchr(text->data, ',', text->size);
  size_t size = comma == NULL ? text->size : (size_t)(comma - text->data);
  *out = eagre_text_make(text->data + 2, size - 2);
  size_t passed = comma == NULL ? size : size + 1;
  *text = eagre_text_make(text->data + passed, text->size - passed);
  return true;
}

static bool read_count(struct eagre_text text, uint32_t *out) {
  *out = 0;
  if (text.size == 0 || text.size > 7 || text.data[0] == '0') return false;
  for (size_t i = 0; i < text.size; i++) {
    if (text.data[i] < '0' || text.data[i] > '9') return false;
    *out = *out * 10 + (uint32_t)(text.data[i] - '0');
  }
  return true;
}

/* ---- client-first ---------------------------------------------------------------------------- */

/* Letters and digits. 64 signs would be as many as bits give; two of them are used twice. */
static bool make_nonce(char *out) {
  static const char signs[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789AB";
  unsigned char bytes[EAGRE_KAFKA_SCRAM_NONCE_SIZE];
  if (RAND_bytes(bytes, sizeof bytes) != 1) return false;
  for (size_t i = 0; i < sizeof bytes; i++) {
    out[i] = signs[bytes[i] & 63];
  }
  out[sizeof bytes] = '\0';
  return true;
}

/* Signs that the message itself uses are written in another way. */
static void append_user(struct eagre_buffer *out, struct eagre_text user) {
  for (size_t i = 0; i < user.size; i++) {
    if (user.data[i] == '=') {
      eagre_buffer_append_string(out, "=3D");
    } else if (user.data[i] == ',') {
      eagre_buffer_append_string(out, "=2C");
    } else {
      eagre_buffer_append(out, &user.data[i], 1);
    }
  }
}

bool eagre_kafka_scram_begin(struct eagre_kafka_scram *scram, enum eagre_kafka_scram_hash hash,
                             struct eagre_text user, struct eagre_buffer *out) {
  scram->hash = hash;
  scram->has_proven = false;
  /* A nonce that is there already is a test's. */
  if (scram->nonce[0] == '\0' && !make_nonce(scram->nonce)) return false;
  eagre_buffer_clear(&scram->first);
  eagre_buffer_append_string(&scram->first, "n=");
  append_user(&scram->first, user);
  eagre_buffer_append_string(&scram->first, ",r=");
  eagre_buffer_append_string(&scram->first, scram->nonce);
  eagre_buffer_append_string(out, "n,,");
  eagre_buffer_append_text(out, eagre_buffer_text(&scram->first));
  return true;
}

/* ---- client-final ---------------------------------------------------------------------------- */

struct challenge {
  struct eagre_text nonce;
  unsigned char salt[SALT_SIZE_MAX];
  size_t salt_size;
  uint32_t iteration_count;
};

static const char *read_challenge(const struct eagre_kafka_scram *scram, struct eagre_text text,
                                  struct challenge *out) {
  struct eagre_text salt;
  struct eagre_text count;
  bool is_whole = text.size <= MESSAGE_SIZE_MAX && take_attribute(&text, 'r', &out->nonce) &&
                  take_attribute(&text, 's', &salt) && take_attribute(&text, 'i', &count);
  if (!is_whole) return "the first message of the server is no message of SCRAM";
  struct eagre_text ours = eagre_text_of(scram->nonce);
  if (out->nonce.size <= ours.size || !eagre_text_starts_with(out->nonce, ours)) {
    return "the server does not continue the nonce it was given";
  }
  if (!read_base64(salt, out->salt, sizeof out->salt, &out->salt_size)) {
    return "the server's salt is no base64";
  }
  if (!read_count(count, &out->iteration_count) ||
      out->iteration_count < EAGRE_KAFKA_SCRAM_ITERATIONS_MIN ||
      out->iteration_count > EAGRE_KAFKA_SCRAM_ITERATIONS_MAX) {
    return "the server asks for a number of iterations outside of 4096 to 1000000";
  }
  return NULL;
}

/* The proof of the message that `auth` is of, and the signature the server has to answer with. */
static bool compute(struct eagre_kafka_scram *scram, struct eagre_text password,
                    const struct challenge *challenge, struct eagre_text auth,
                    unsigned char *proof) {
  digest salted;
  digest key;
  digest stored;
  digest signature;
  size_t size = get_size(scram);
  bool is_computed =
      PKCS5_PBKDF2_HMAC(password.size == 0 ? "" : password.data, (int)password.size,
                        challenge->salt, (int)challenge->salt_size, (int)challenge->iteration_count,
                        get_hash(scram), (int)size, salted) == 1 &&
      sign(scram, salted, EAGRE_TEXT("Client Key"), key) &&
      EVP_Digest(key, size, stored, NULL, get_hash(scram), NULL) == 1 &&
      sign(scram, stored, auth, signature);
  for (size_t i = 0; is_computed && i < size; i++) {
    proof[i] = key[i] ^ signature[i];
  }
  is_computed = is_computed && sign(scram, salted, EAGRE_TEXT("Server Key"), key) &&
                sign(scram, key, auth, scram->server_signature);
  OPENSSL_cleanse(salted, sizeof salted);
  OPENSSL_cleanse(key, sizeof key);
  OPENSSL_cleanse(stored, sizeof stored);
  return is_computed;
}

const char *eagre_kafka_scram_prove(struct eagre_kafka_scram *scram, struct eagre_text password,
                                    struct eagre_text server_first, struct eagre_buffer *out) {
  struct challenge challenge;
  struct eagre_buffer auth = {0};
  digest proof;
  const char *why = read_challenge(scram, server_first, &challenge);
  if (why != NULL) return why;
  eagre_buffer_append_text(&auth, eagre_buffer_text(&scram->first));
  eagre_buffer_append_string(&auth, ",");
  eagre_buffer_append_text(&auth, server_first);
  eagre_buffer_append_string(&auth, ",");
  size_t final_begin = auth.size;
  eagre_buffer_append_string(&auth, "c=biws,r="); /* base64 of "n,," */
  eagre_buffer_append_text(&auth, challenge.nonce);
  if (compute(scram, password, &challenge, eagre_buffer_text(&auth), proof)) {
    eagre_buffer_append(out, auth.data + final_begin, auth.size - final_begin);
    eagre_buffer_append_string(out, ",p=");
    append_base64(out, proof, get_size(scram));
    scram->has_proven = true;
  } else {
    why = "OpenSSL cannot compute the hashes of SCRAM";
  }
  eagre_buffer_done(&auth);
  return why;
}

/* ---- server-final ---------------------------------------------------------------------------- */

const char *eagre_kafka_scram_check(const struct eagre_kafka_scram *scram,
                                    struct eagre_text server_final,
                                    struct eagre_text *out_refusal) {
  struct eagre_text text = server_final;
  struct eagre_text encoded;
  unsigned char signature[EAGRE_KAFKA_SCRAM_HASH_SIZE_MAX + 3];
  size_t size = 0;
  *out_refusal = (struct eagre_text){0};
  if (take_attribute(&text, 'e', out_refusal)) return "the server refuses the proof";
  bool is_same = scram->has_proven && take_attribute(&text, 'v', &encoded) &&
                 read_base64(encoded, signature, sizeof signature, &size) &&
                 size == get_size(scram) &&
                 CRYPTO_memcmp(signature, scram->server_signature, size) == 0;
  return is_same ? NULL : "the server does not show that it knows the password";
}

void eagre_kafka_scram_done(struct eagre_kafka_scram *scram) {
  eagre_buffer_done(&scram->first);
  OPENSSL_cleanse(scram, sizeof *scram);
}
