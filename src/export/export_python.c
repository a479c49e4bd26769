/* Python's literals and names. */
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
