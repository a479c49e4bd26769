/* The kinds of operations by name, and the static probes around one. */
#include "io/io_backend.h"

const char *const eagre_io_kind_names[EAGRE_IO_kind_count] = {
    [EAGRE_IO_OPEN] = "open",     [EAGRE_IO_READ] = "read",
    [EAGRE_IO_WRITE] = "write",   [EAGRE_IO_SYNC] = "sync",
    [EAGRE_IO_RENAME] = "rename", [EAGRE_IO_LINK] = "link",
    [EAGRE_IO_UNLINK] = "unlink", [EAGRE_IO_MAKE_DIRECTORY] = "mkdir",
};

void eagre_io_probe_begin(const struct eagre_io_operation *operation) {
  EAGRE_PROBE(io_begin, operation, eagre_io_kind_names[operation->kind], operation->descriptor,
              operation->size);
}

void eagre_io_probe_end(const struct eagre_io_operation *operation) {
  EAGRE_PROBE(io_end, operation, eagre_io_kind_names[operation->kind], operation->result);
}
