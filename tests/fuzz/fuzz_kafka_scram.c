/* Messages of a server that does SCRAM, whoever it is: refused with a reason, or answered with a
 * message that holds together; and a server that does not know the password is never believed. The
 * first byte says which hash, a zero byte parts the two messages. Numbers of iterations are kept
 * small: what is read of them is the same. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kafka/kafka_scram.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char NONCE[] = "rOprNGfwEbeRWgbNEkqO12345678abcd";

/* More than 9999 iterations would only cost time. */
static bool is_slow(struct eagre_text message) {
  static const char sign[] = ",i=";
  const char *count = memmem(message.data, message.size, sign, sizeof sign - 1);
  if (count == NULL) return false;
  size_t left = (size_t)(message.data + message.size - count) - (sizeof sign - 1);
  size_t digits = 0;
  while (digits < left && count[sizeof sign - 1 + digits] != ',') {
    digits++;
  }
  return digits >= 5 && digits <= 7;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct eagre_kafka_scram scram = {0};
  struct eagre_buffer out = {0};
  struct eagre_text refusal;
  if (size < 1) return 0;
  const char *text = (const char *)data + 1;
  const char *end = (const char *)data + size;
  const char *zero = memchr(text, '\0', (size_t)(end - text));
  const char *first_end = zero == NULL ? end : zero;
  struct eagre_text first = eagre_text_make(text, (size_t)(first_end - text));
  struct eagre_text last =
      zero == NULL ? eagre_text_make("", 0) : eagre_text_make(zero + 1, (size_t)(end - zero - 1));
  if (is_slow(first)) return 0;
  memcpy(scram.nonce, NONCE, sizeof scram.nonce);
  eagre_assert(eagre_kafka_scram_begin(&scram, data[0] % 2, EAGRE_TEXT("us=er,"), &out));
  eagre_assert(eagre_text_starts_with(eagre_buffer_text(&out), EAGRE_TEXT("n,,n=us=3Der=2C,r=")));
  eagre_buffer_clear(&out);
  const char *why = eagre_kafka_scram_prove(&scram, EAGRE_TEXT("pencil"), first, &out);
  if (why == NULL) {
    struct eagre_text ours = eagre_buffer_text(&out);
    eagre_assert(eagre_text_starts_with(ours, EAGRE_TEXT("c=biws,r=rOprNGfwEbeRWgbNEkqO")));
    eagre_assert(memmem(ours.data, ours.size, ",p=", 3) != NULL);
  } else {
    eagre_assert(out.size == 0);
    /* Nothing was proven, so nothing the server says can be right. */
    eagre_assert(eagre_kafka_scram_check(&scram, last, &refusal) != NULL);
  }
  eagre_kafka_scram_check(&scram, last, &refusal);
  eagre_kafka_scram_done(&scram);
  eagre_buffer_done(&out);
  return 0;
}
