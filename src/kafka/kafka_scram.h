/* SCRAM: a client shows that it knows a password without sending it, and the server that it does
 * too (RFC 5802 with SHA-1's place taken by SHA-256 or SHA-512, RFC 7677). Inside the room only.
 *
 *   client-first   n,,n=USER,r=NONCE
 *   server-first   r=NONCE..., s=SALT (base64), i=ITERATIONS
 *   client-final   c=biws, r=NONCE..., p=PROOF
 *   server-final   v=SIGNATURE, or e=REASON
 *
 * The server's messages come from outside: a nonce that does not continue ours, a salt that is no
 * base64 and a number of iterations below the RFC's 4096 or above what a broker asks of its users
 * are refused before anything is computed of the password. */
#pragma once

#include "base/base.h"

enum {
  EAGRE_KAFKA_SCRAM_NONCE_SIZE = 32, /* characters of ours */
  EAGRE_KAFKA_SCRAM_HASH_SIZE_MAX = 64,
  EAGRE_KAFKA_SCRAM_ITERATIONS_MIN = 4096,
  EAGRE_KAFKA_SCRAM_ITERATIONS_MAX = 1000000,
};

enum eagre_kafka_scram_hash { EAGRE_KAFKA_SCRAM_SHA_256, EAGRE_KAFKA_SCRAM_SHA_512 };

/* One exchange. All zero: none is under way. */
struct eagre_kafka_scram {
  enum eagre_kafka_scram_hash hash;
  char nonce[EAGRE_KAFKA_SCRAM_NONCE_SIZE + 1];
  struct eagre_buffer first; /* client-first without "n,," */
  unsigned char server_signature[EAGRE_KAFKA_SCRAM_HASH_SIZE_MAX];
  bool has_proven;
};

/* Appends client-first with a nonce of its own. False when there is no randomness. */
bool eagre_kafka_scram_begin(struct eagre_kafka_scram *scram, enum eagre_kafka_scram_hash hash,
                             struct eagre_text user, struct eagre_buffer *out);
/* Appends client-final. NULL, or why the server's message is refused. */
const char *eagre_kafka_scram_prove(struct eagre_kafka_scram *scram, struct eagre_text password,
                                    struct eagre_text server_first, struct eagre_buffer *out);
/* NULL when the server knows the password too, or why it is not believed; *out_refusal is what the
 * server says against us, in `server_final`, or empty. */
const char *eagre_kafka_scram_check(const struct eagre_kafka_scram *scram,
                                    struct eagre_text server_final, struct eagre_text *out_refusal);
/* Forgets the exchange. */
void eagre_kafka_scram_done(struct eagre_kafka_scram *scram);
