/* Python's literals and names. */
#include <ctype.h>

#include "base/base_secret.h"
#include "export/export_inside.h"

static void append_escaped(struct eagre_buffer *out, unsigned char byte) {
  if (byte == '"' || byte == '\\') {
    eagre_buffer_printf(out, "\\%c", byte);
  } else if (byte == '\n') {
    eagre_buffer_append_string(out, "\\n");
  } else if (byte < 0x20 || byte == 0x7F) {
    eagre_buffer_printf(out, "\\x%02x", byte);
  } else {
    eagre_buffer_append_char(out, (char)byte);
  }
}

void eagre_export_string(struct eagre_buffer *out, struct eagre_text text) {
  eagre_buffer_append_char(out, '"');
  for (size_t i = 0; i < text.size; i++) {
    append_escaped(out, (unsigned char)text.data[i]);
  }
  eagre_buffer_append_char(out, '"');
}

/* Lines stay lines and single quotes stay as they are, so that the SQL can be read. */
void eagre_export_sql(struct eagre_buffer *out, struct eagre_text text) {
  eagre_buffer_append_string(out, "\"\"\"\n");
  for (size_t i = 0; i < text.size; i++) {
    unsigned char byte = (unsigned char)text.data[i];
    if (byte == '\n' || byte == '\t') {
      eagre_buffer_append_char(out, (char)byte);
    } else {
      append_escaped(out, byte);
    }
  }
  eagre_buffer_append_string(out, "\n\"\"\"");
}

void eagre_export_identifier(struct eagre_buffer *out, struct eagre_text name) {
  eagre_buffer_append_char(out, '`');
  for (size_t i = 0; i < name.size; i++) {
    if (name.data[i] == '`') eagre_buffer_append_char(out, '`');
    eagre_buffer_append_char(out, name.data[i]);
  }
  eagre_buffer_append_char(out, '`');
}

void eagre_export_call(struct eagre_buffer *out, const char *name, struct eagre_text key,
                       struct eagre_text value) {
  eagre_buffer_printf(out, "\n    .%s(", name);
  eagre_export_string(out, key);
  eagre_buffer_append_string(out, ", ");
  eagre_export_string(out, value);
  eagre_buffer_append_char(out, ')');
}

/* ---- Options --------------------------------------------------------------------------------- */

static void append_secret(struct export_program *program, const struct eagre_secret *secret) {
  bool is_file = secret->kind == EAGRE_SECRET_FILE;
  program->has_secret_file = program->has_secret_file || is_file;
  program->has_variable = program->has_variable || !is_file;
  eagre_buffer_append_string(program->out, is_file ? "Path(" : "os.environ[");
  eagre_export_string(program->out, secret->name);
  eagre_buffer_append_string(program->out, is_file ? ").read_text().rstrip(\"\\r\\n\")" : "]");
}

/* "text" + os.environ["NAME"] + "text" */
static void append_value(struct export_program *program, struct eagre_text value) {
  struct eagre_secret secret;
  size_t copied = 0;
  const char *separator = "";
  while (eagre_secret_find(value, copied, &secret)) {
    if (secret.begin > copied) {
      eagre_buffer_append_string(program->out, separator);
      eagre_export_string(program->out,
                          eagre_text_make(value.data + copied, secret.begin - copied));
      separator = " + ";
    }
    eagre_buffer_append_string(program->out, separator);
    append_secret(program, &secret);
    separator = " + ";
    copied = secret.end;
  }
  if (copied < value.size || copied == 0) {
    eagre_buffer_append_string(program->out, separator);
    eagre_export_string(program->out, eagre_text_make(value.data + copied, value.size - copied));
  }
}

/* kafka.sasl.jaas.config -> os.environ["KAFKA_SASL_JAAS_CONFIG"] */
static void append_variable_of(struct export_program *program, struct eagre_text key) {
  struct eagre_text copy = eagre_arena_copy_text(&program->arena, key);
  char *name = (char *)copy.data;
  for (size_t i = 0; i < copy.size; i++) {
    bool is_letter = isalnum((unsigned char)name[i]) != 0;
    name[i] = is_letter ? (char)toupper((unsigned char)name[i]) : '_';
  }
  const struct eagre_secret secret = {.kind = EAGRE_SECRET_ENVIRONMENT, .name = copy};
  append_secret(program, &secret);
}

void eagre_export_option(struct export_program *program, struct eagre_text key,
                         struct eagre_text value) {
  struct eagre_secret secret;
  bool is_shown = !eagre_secret_is_option(key) || eagre_secret_find(value, 0, &secret);
  eagre_buffer_append_string(program->out, "\n    .option(");
  eagre_export_string(program->out, key);
  eagre_buffer_append_string(program->out, ", ");
  if (is_shown) {
    append_value(program, value);
  } else {
    append_variable_of(program, key);
  }
  eagre_buffer_append_char(program->out, ')');
}
