/* Who holds eagre/lock. The lock (src/io/io_lock.c) is asked for and not taken; the file's content,
 * "PID HOST\n", is what its holder wrote. */
#include "inspect/inspect_checkpoint.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static bool is_locked(int descriptor) {
  struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  return fcntl(descriptor, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
}

static void read_holder(int descriptor, struct eagre_inspect_lock *out) {
  char holder[160];
  ssize_t size = pread(descriptor, holder, sizeof holder - 1, 0);
  holder[size < 0 ? 0 : size] = '\0';
  if (sscanf(holder, "%ld %127s", &out->process, out->host) == 2) return;
  out->process = 0;
  out->host[0] = '\0';
}

void eagre_inspect_lock_read(const char *checkpoint_path, struct eagre_inspect_lock *out) {
  *out = (struct eagre_inspect_lock){0};
  struct eagre_arena arena = {0};
  const char *path = eagre_arena_printf(&arena, "%s/eagre/lock", checkpoint_path).data;
  int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  eagre_arena_done(&arena);
  if (descriptor < 0) return;
  out->is_held = is_locked(descriptor);
  if (out->is_held) read_holder(descriptor, out);
  close(descriptor);
}
