/* Trigger texts (requirements 2). */
#include "plan/plan.h"

#include <string.h>

#include "value/value.h"

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

/* The text behind "processing time", which may be written as one word: after the 'e' of "time". */
static struct eagre_text interval_part(struct eagre_text text) {
  for (size_t i = 0; i + 4 <= text.size; i++) {
    if (eagre_text_equal_ignoring_case(eagre_text_make(text.data + i, 4), EAGRE_TEXT("time"))) {
      return strip_quotes(eagre_text_make(text.data + i + 4, text.size - i - 4));
    }
  }
  return text;
}

static enum eagre_status parse_processing_time(struct eagre_text text,
                                               struct eagre_trigger *out_trigger,
                                               struct eagre_error *error) {
  struct eagre_text interval = interval_part(text);
  int64_t months = 0;
  int64_t microseconds = 0;
  enum eagre_value_result result = eagre_value_parse_interval(interval, &months, &microseconds);
  if (result != EAGRE_VALUE_OK || months != 0 || microseconds < 0) {
    eagre_error_set(error, EAGRE_USAGE, "INVALID_TRIGGER",
                    "'%.*s' is no trigger interval: a text like '10 seconds' without months, not "
                    "negative, is needed.",
                    (int)interval.size, interval.data);
    eagre_error_hint(error, "write trigger = 'processing time 1 second'");
    return EAGRE_USAGE;
  }
  *out_trigger = (struct eagre_trigger){EAGRE_TRIGGER_PROCESSING_TIME, microseconds};
  return EAGRE_OK;
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
    return parse_processing_time(text, out_trigger, error);
  }
  if (strncmp(word, "continuous", 10) == 0 || strncmp(word, "realtime", 8) == 0) {
    eagre_error_set(error, EAGRE_USAGE, "UNSUPPORTED_FEATURE.CONTINUOUS_TRIGGER",
                    "The trigger '%.*s' is not supported yet.", (int)text.size, text.data);
    eagre_error_hint(error, "use 'processing time <interval>' or the default trigger");
    return EAGRE_USAGE;
  }
  eagre_error_set(error, EAGRE_USAGE, "INVALID_TRIGGER", "'%.*s' is no trigger.", (int)text.size,
                  text.data);
  eagre_error_hint(error, "triggers are: default, once, available now, processing time "
                          "'<interval>'");
  return EAGRE_USAGE;
}

const char *eagre_output_mode_name(enum eagre_output_mode mode) {
  static const char *const names[] = {"append", "update", "complete"};
  return names[mode];
}
