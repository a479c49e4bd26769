/* Trigger texts (requirements 2). */
#include "plan/plan.h"

#include <string.h>

#include "value/value.h"

/* As Spark's documentation has it, and short beside what people notice after a restart. */
static const int64_t CONTINUOUS_INTERVAL_US = 1000000;

/* Lower case without blanks, quotes, underscores and '=', so that "availableNow", "AVAILABLE NOW"
 * and "processing time '1 second'" have one spelling each. */
static size_t squeeze(struct eagre_text text, char *out, size_t out_size) {
  size_t used = 0;
  for (size_t i = 0; i < text.size && used + 1 < out_size; i++) {
    char character = text.data[i];
    if (strchr(" \t\n'\"_=", character) != NULL) continue;
    if (character >= 'A' && character <= 'Z') character = (char)(character - 'A' + 'a');
    out[used++] = character;
  }
  out[used] = '\0';
  return used;
}

static struct eagre_text strip_quotes(struct eagre_text text) {
  text = eagre_text_trim(text);
  if (text.size > 0 && text.data[0] == '=') {
    text = eagre_text_trim(eagre_text_make(text.data + 1, text.size - 1));
  }
  bool is_quoted = text.size >= 2 && (text.data[0] == '\'' || text.data[0] == '"') &&
                   text.data[text.size - 1] == text.data[0];
  return is_quoted ? eagre_text_make(text.data + 1, text.size - 2) : text;
}

/* The text behind a word like "time", which others may stand in front of without a blank. */
static struct eagre_text part_behind(struct eagre_text text, struct eagre_text word) {
  for (size_t i = 0; i + word.size <= text.size; i++) {
    if (eagre_text_equal_ignoring_case(eagre_text_make(text.data + i, word.size), word)) {
      size_t end = i + word.size;
      return strip_quotes(eagre_text_make(text.data + end, text.size - end));
    }
  }
  return text;
}

/* `example`: how such a trigger is written. */
static enum eagre_status parse_interval(struct eagre_text interval, const char *example,
                                        int64_t *out_us, struct eagre_error *error) {
  int64_t months = 0;
  int64_t microseconds = 0;
  enum eagre_value_result result = eagre_value_parse_interval(interval, &months, &microseconds);
  if (result != EAGRE_VALUE_OK || months != 0 || microseconds < 0) {
    eagre_error_set(error, EAGRE_USAGE, "INVALID_TRIGGER",
                    "'%.*s' is no trigger interval: a text like '10 seconds' without months, not "
                    "negative, is needed.",
                    (int)interval.size, interval.data);
    eagre_error_hint(error, "write trigger = '%s 1 second'", example);
    return EAGRE_USAGE;
  }
  *out_us = microseconds;
  return EAGRE_OK;
}

static enum eagre_status parse_continuous(struct eagre_text text, struct eagre_trigger *out_trigger,
                                          struct eagre_error *error) {
  struct eagre_text interval = part_behind(text, EAGRE_TEXT("continuous"));
  *out_trigger = (struct eagre_trigger){EAGRE_TRIGGER_CONTINUOUS, CONTINUOUS_INTERVAL_US};
  if (interval.size == 0) return EAGRE_OK;
  return parse_interval(interval, "continuous", &out_trigger->interval_us, error);
}

enum eagre_status eagre_trigger_parse(struct eagre_text text, struct eagre_trigger *out_trigger,
                                      struct eagre_error *error) {
  char word[64];
  squeeze(text, word, sizeof word);
  *out_trigger = (struct eagre_trigger){EAGRE_TRIGGER_DEFAULT, 0};
  if (strcmp(word, "default") == 0 || word[0] == '\0') return EAGRE_OK;
  if (strcmp(word, "once") == 0) {
    out_trigger->kind = EAGRE_TRIGGER_ONCE;
    return EAGRE_OK;
  }
  if (strcmp(word, "availablenow") == 0) {
    out_trigger->kind = EAGRE_TRIGGER_AVAILABLE_NOW;
    return EAGRE_OK;
  }
  if (strncmp(word, "processingtime", 14) == 0) {
    out_trigger->kind = EAGRE_TRIGGER_PROCESSING_TIME;
    return parse_interval(part_behind(text, EAGRE_TEXT("time")), "processing time",
                          &out_trigger->interval_us, error);
  }
  if (strncmp(word, "continuous", 10) == 0) return parse_continuous(text, out_trigger, error);
  if (strncmp(word, "realtime", 8) == 0) {
    eagre_error_set(error, EAGRE_USAGE, "UNSUPPORTED_FEATURE.REAL_TIME_TRIGGER",
                    "The trigger '%.*s' is called 'continuous' here.", (int)text.size, text.data);
    eagre_error_hint(error, "write trigger = 'continuous 1 second'; the interval is how often the "
                            "checkpoint is written");
    return EAGRE_USAGE;
  }
  eagre_error_set(error, EAGRE_USAGE, "INVALID_TRIGGER", "'%.*s' is no trigger.", (int)text.size,
                  text.data);
  eagre_error_hint(error, "triggers are: default, once, available now, processing time "
                          "'<interval>', continuous '<interval>'");
  return EAGRE_USAGE;
}

const char *eagre_output_mode_name(enum eagre_output_mode mode) {
  static const char *const names[] = {"append", "update", "complete"};
  return names[mode];
}
