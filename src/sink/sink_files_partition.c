/* Names of directories of partitions, as Hive began and Spark goes on with them. */
#include "sink/sink_files.h"

static const char default_partition[] = "__HIVE_DEFAULT_PARTITION__";

/* Spark's ExternalCatalogUtils.charToEscape. */
static bool must_escape(char byte) {
  unsigned char code = (unsigned char)byte;
  return code < 0x20 || code == 0x7f || strchr("\"#%'*/:=?\\{[]^", byte) != NULL;
}

static void append_escaped(struct eagre_text text, struct eagre_buffer *out) {
  for (size_t i = 0; i < text.size; i++) {
    if (must_escape(text.data[i])) {
      eagre_buffer_printf(out, "%%%02X", (unsigned char)text.data[i]);
    } else {
      eagre_buffer_append_char(out, text.data[i]);
    }
  }
}

void eagre_sink_files_print_partition(const struct eagre_sink_files *sink,
                                      const struct eagre_batch *batch, uint32_t row,
                                      struct eagre_buffer *out) {
  struct eagre_buffer value = {0};
  for (uint32_t i = 0; i < sink->partition_column_count; i++) {
    uint32_t column = sink->partition_columns[i];
    if (i > 0) eagre_buffer_append_char(out, '/');
    append_escaped(sink->base.columns->fields[column].name, out);
    eagre_buffer_append_char(out, '=');
    eagre_buffer_clear(&value);
    eagre_value_print(&batch->columns[column], row, sink->base.environment.zone, &value);
    if (value.size == 0) {
      eagre_buffer_append_string(out, default_partition);
    } else {
      append_escaped(eagre_buffer_text(&value), out);
    }
  }
  eagre_buffer_done(&value);
}
