/* Which kind of source a position in a checkpoint may belong to. */
#include "test_source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const enum eagre_source_kind kinds[] = {EAGRE_SOURCE_KAFKA, EAGRE_SOURCE_FILES,
                                               EAGRE_SOURCE_RATE, EAGRE_SOURCE_RATE_MICRO_BATCH};

#define ALL UINT32_MAX

static void owners_are(const char *position, uint32_t expected) {
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    bool is_expected = (expected >> kinds[i] & 1) != 0;
    if (eagre_source_may_own(kinds[i], eagre_text_of(position)) != is_expected)
      fail_msg("%s and kind %d", position, kinds[i]);
  }
}

static void each_kind_knows_its_own(void **state) {
  (void)state;
  owners_are("{\"logOffset\":5}", 1u << EAGRE_SOURCE_FILES);
  owners_are(" { \"logOffset\" : -1 } ", 1u << EAGRE_SOURCE_FILES);
  owners_are("{\"clicks\":{\"0\":2,\"1\":4}}", 1u << EAGRE_SOURCE_KAFKA);
  owners_are("{}", 1u << EAGRE_SOURCE_KAFKA);
  owners_are("{\"offset\":30,\"timestamp\":3000}", 1u << EAGRE_SOURCE_RATE_MICRO_BATCH);
  owners_are("17", 1u << EAGRE_SOURCE_RATE | 1u << EAGRE_SOURCE_FILES);
}

static void topics_may_have_any_name(void **state) {
  (void)state;
  owners_are("{\"logOffset\":{\"0\":2}}", 1u << EAGRE_SOURCE_KAFKA);
  owners_are("{\"offset\":{\"0\":2},\"timestamp\":{\"0\":1}}", 1u << EAGRE_SOURCE_KAFKA);
}

/* Whether it is none at all is for the source to say, with its own error. */
static void what_is_no_position_may_be_anyone_s(void **state) {
  (void)state;
  owners_are("", ALL);
  owners_are("nonsense", ALL);
  owners_are("[1]", ALL);
  owners_are("{\"logOffset\":\"five\"}", ALL);
  owners_are("{\"reservoirVersion\":3}", ALL);
}

int run_position_tests(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_kind_knows_its_own),
      cmocka_unit_test(topics_may_have_any_name),
      cmocka_unit_test(what_is_no_position_may_be_anyone_s),
  };
  return cmocka_run_group_tests_name("positions", tests, NULL, NULL);
}
