/* Reads login modules. The grammar is that of Java's StreamTokenizer as Kafka sets it up. */
#include "kafka/kafka_jaas.h"

#include <string.h>

struct jaas_reader {
  const char *begin;
  const char *next;
  const char *end;
  struct eagre_arena *arena;
};

static enum eagre_status fail(const struct jaas_reader *reader, const char *what,
                              struct eagre_error *error) {
  eagre_error_set(error, EAGRE_USAGE, "INVALID_KAFKA_SETTING",
                  "sasl.jaas.config is not a login module: %s at byte %zu.", what,
                  (size_t)(reader->next - reader->begin));
  eagre_error_hint(error, "write org.apache.kafka.common.security.plain.PlainLoginModule required "
                          "username=\"...\" password=\"...\";");
  return EAGRE_USAGE;
}

/* ---- Blanks, words, quotes ------------------------------------------------------------------- */

static bool starts_with(const struct jaas_reader *reader, const char *two) {
  return reader->end - reader->next >= 2 && memcmp(reader->next, two, 2) == 0;
}

static void skip_line(struct jaas_reader *reader) {
  while (reader->next < reader->end && *reader->next != '\n') {
    reader->next++;
  }
}

static void skip_comment(struct jaas_reader *reader) {
  reader->next += 2;
  while (reader->next < reader->end && !starts_with(reader, "*/")) {
    reader->next++;
  }
  reader->next = reader->end - reader->next >= 2 ? reader->next + 2 : reader->end;
}

static void skip_blanks(struct jaas_reader *reader) {
  while (reader->next < reader->end) {
    if ((unsigned char)*reader->next <= ' ') {
      reader->next++;
    } else if (starts_with(reader, "//")) {
      skip_line(reader);
    } else if (starts_with(reader, "/*")) {
      skip_comment(reader);
    } else {
      return;
    }
  }
}

static bool is_word_byte(char byte) {
  return (unsigned char)byte > ' ' && strchr("=;\"'", byte) == NULL;
}

static struct eagre_text read_word(struct jaas_reader *reader) {
  const char *begin = reader->next;
  while (reader->next < reader->end && is_word_byte(*reader->next)) {
    reader->next++;
  }
  return eagre_text_make(begin, (size_t)(reader->next - begin));
}

/* Up to three octal digits, as Java reads them: the value stays below 256. */
static char read_octal(struct jaas_reader *reader) {
  unsigned value = 0;
  unsigned digits_max = *reader->next <= '3' ? 3 : 2;
  for (unsigned i = 0; i < digits_max && reader->next < reader->end; i++) {
    if (*reader->next < '0' || *reader->next > '7') break;
    value = value * 8 + (unsigned)(*reader->next++ - '0');
  }
  return (char)value;
}

static char read_escape(struct jaas_reader *reader) {
  static const char names[] = "abfnrtv";
  static const char bytes[] = "\a\b\f\n\r\t\v";
  if (*reader->next >= '0' && *reader->next <= '7') return read_octal(reader);
  char byte = *reader->next++;
  const char *found = byte == '\0' ? NULL : strchr(names, byte);
  return found == NULL ? byte : bytes[found - names];
}

static enum eagre_status read_quoted(struct jaas_reader *reader, struct eagre_text *out,
                                     struct eagre_error *error) {
  char quote = *reader->next++;
  char *bytes = eagre_arena_allocate(reader->arena, (size_t)(reader->end - reader->next) + 1);
  size_t size = 0;
  while (reader->next < reader->end && *reader->next != quote && *reader->next != '\n') {
    char byte = *reader->next++;
    bool is_escape = byte == '\\' && reader->next < reader->end;
    bytes[size++] = is_escape ? read_escape(reader) : byte;
  }
  if (reader->next == reader->end || *reader->next != quote) {
    return fail(reader, "a quote is not closed", error);
  }
  reader->next++;
  *out = eagre_text_make(bytes, size);
  return EAGRE_OK;
}

/* ---- The module ------------------------------------------------------------------------------ */

static struct eagre_text last_part(struct eagre_text name) {
  const char *dot = memrchr(name.data, '.', name.size);
  if (dot == NULL) return name;
  return eagre_text_make(dot + 1, (size_t)(name.data + name.size - dot - 1));
}

static bool is_flag(struct eagre_text word) {
  static const char *const flags[] = {"required", "requisite", "sufficient", "optional"};
  for (size_t i = 0; i < EAGRE_COUNT_OF(flags); i++) {
    if (eagre_text_equal_ignoring_case(word, eagre_text_of(flags[i]))) return true;
  }
  return false;
}

static enum eagre_status read_value(struct jaas_reader *reader, struct eagre_text *out,
                                    struct eagre_error *error) {
  skip_blanks(reader);
  if (reader->next < reader->end && (*reader->next == '"' || *reader->next == '\'')) {
    return read_quoted(reader, out, error);
  }
  *out = read_word(reader);
  if (out->size == 0) return fail(reader, "a value is missing", error);
  return EAGRE_OK;
}

static enum eagre_status read_option(struct jaas_reader *reader, struct eagre_kafka_jaas *jaas,
                                     struct eagre_error *error) {
  if (jaas->option_count == EAGRE_KAFKA_JAAS_OPTIONS_MAX) {
    return fail(reader, "there are too many options", error);
  }
  struct eagre_kafka_jaas_option *option = &jaas->options[jaas->option_count];
  option->name = read_word(reader);
  if (option->name.size == 0) return fail(reader, "the name of an option is missing", error);
  skip_blanks(reader);
  if (reader->next == reader->end || *reader->next != '=') {
    return fail(reader, "'=' is missing", error);
  }
  reader->next++;
  EAGRE_TRY(read_value(reader, &option->value, error));
  jaas->option_count += 1;
  return EAGRE_OK;
}

enum eagre_status eagre_kafka_jaas_parse(struct eagre_text text, struct eagre_arena *arena,
                                         struct eagre_kafka_jaas *out, struct eagre_error *error) {
  struct jaas_reader reader = {text.data, text.data, text.data + text.size, arena};
  *out = (struct eagre_kafka_jaas){0};
  skip_blanks(&reader);
  struct eagre_text class_name = read_word(&reader);
  if (class_name.size == 0) return fail(&reader, "the class is missing", error);
  out->class_name = last_part(class_name);
  skip_blanks(&reader);
  if (!is_flag(read_word(&reader))) return fail(&reader, "'required' is missing", error);
  for (;;) {
    skip_blanks(&reader);
    if (reader.next == reader.end) return fail(&reader, "';' is missing", error);
    if (*reader.next == ';') break;
    EAGRE_TRY(read_option(&reader, out, error));
  }
  reader.next++;
  skip_blanks(&reader);
  if (reader.next != reader.end) return fail(&reader, "there is more than one module", error);
  return EAGRE_OK;
}

struct eagre_text eagre_kafka_jaas_find(const struct eagre_kafka_jaas *jaas, const char *name) {
  for (uint32_t i = 0; i < jaas->option_count; i++) {
    if (eagre_text_equal_string(jaas->options[i].name, name)) return jaas->options[i].value;
  }
  return (struct eagre_text){0};
}
