/* What a failed system call means to a person: one table. */
#include "io/io_backend.h"

#include <errno.h>

struct errno_row {
  int number;
  const char *class_name;
  const char *hint;
};

static const struct errno_row errno_rows[] = {
    {ENOSPC, "DISK_FULL", "free some space"},
    {EDQUOT, "DISK_FULL", "free some space or raise the quota"},
    {EROFS, "READ_ONLY_FILE_SYSTEM", "mount it writable, or choose another place"},
    {EACCES, "PERMISSION_DENIED", "give this user the right to it, or choose another place"},
    {EPERM, "PERMISSION_DENIED",
     "the file system does not allow this here (hard links are needed); choose another place"},
    {EMFILE, "TOO_MANY_OPEN_FILES", "raise the limit: ulimit -n"},
    {ENFILE, "TOO_MANY_OPEN_FILES", "raise fs.file-max"},
    {ENOENT, "PATH_NOT_FOUND", ""},
    {ENOTDIR, "PATH_NOT_FOUND", "a part of the path is a file, not a directory"},
    {ENAMETOOLONG, "PATH_TOO_LONG", ""},
    {EFBIG, "FILE_SIZE_LIMIT", "raise the limit: ulimit -f"},
    {EIO, "DISK_ERROR", "look at the kernel's log: the disk reports an error"},
};

enum eagre_status eagre_io_error(struct eagre_error *error, const char *what, const char *path,
                                 int64_t negative_errno) {
  int number = (int)-negative_errno;
  const struct errno_row *row = NULL;
  for (size_t i = 0; i < EAGRE_COUNT_OF(errno_rows); i++) {
    if (errno_rows[i].number == number) row = &errno_rows[i];
  }
  const char *class_name = row == NULL ? "FILE_OPERATION_FAILED" : row->class_name;
  eagre_error_system(error, EAGRE_IO, class_name, number, "cannot %s %s", what, path);
  if (row != NULL && row->hint[0] != '\0') eagre_error_hint(error, "%s", row->hint);
  return EAGRE_IO;
}
