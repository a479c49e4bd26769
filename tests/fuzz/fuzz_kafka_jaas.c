/* Login modules of sasl.jaas.config: any bytes give a module, whose texts can be read, or an error
 * that has a class and a sentence. */
#include <stddef.h>
#include <stdint.h>

#include "kafka/kafka_jaas.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t sum_sizes(const struct eagre_kafka_jaas *jaas) {
  size_t sum = jaas->class_name.size;
  for (uint32_t i = 0; i < jaas->option_count; i++) {
    struct eagre_text value = eagre_kafka_jaas_find(jaas, "password");
    sum += jaas->options[i].name.size + jaas->options[i].value.size + (value.data != NULL);
  }
  return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct eagre_arena arena = {0};
  struct eagre_kafka_jaas jaas;
  struct eagre_error error;
  struct eagre_text text = eagre_text_make((const char *)data, size);
  if (eagre_kafka_jaas_parse(text, &arena, &jaas, &error) == EAGRE_OK) {
    eagre_assert(jaas.option_count <= EAGRE_KAFKA_JAAS_OPTIONS_MAX);
    eagre_assert(sum_sizes(&jaas) <= 2 * size);
  } else {
    eagre_assert(error.status == EAGRE_USAGE);
    eagre_assert(error.class_name[0] != '\0' && error.text[0] != '\0');
  }
  eagre_arena_done(&arena);
  return 0;
}
