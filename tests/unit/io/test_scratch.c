/* Directories and files for tests, without a line of the room under test. */
#include "test_scratch.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *make_below(const char *parent) {
  char *directory = eagre_allocate(256);
  snprintf(directory, 256, "%s/eagre-test-XXXXXX", parent);
  eagre_assert(mkdtemp(directory) != NULL);
  return directory;
}

char *scratch_make(void) {
  const char *parent = getenv("TMPDIR");
  return make_below(parent == NULL ? "/tmp" : parent);
}

char *scratch_make_fast(void) {
  return access("/dev/shm", W_OK) == 0 ? make_below("/dev/shm") : scratch_make();
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk) {
  (void)status;
  (void)kind;
  (void)walk;
  return remove(path);
}

void scratch_remove(char *directory) {
  nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
  eagre_free(directory);
}

const char *scratch_path(const char *directory, const char *name) {
  static char paths[16][512];
  static unsigned next;
  char *path = paths[next++ % EAGRE_COUNT_OF(paths)];
  snprintf(path, sizeof paths[0], "%s/%s", directory, name);
  return path;
}

unsigned scratch_count_temporaries(const char *directory) {
  DIR *opened = opendir(directory);
  eagre_assert(opened != NULL);
  unsigned count = 0;
  for (struct dirent *entry; (entry = readdir(opened)) != NULL;) {
    struct eagre_text name = eagre_text_of(entry->d_name);
    count += name.data[0] == '.' && eagre_text_ends_with(name, EAGRE_TEXT(".tmp"));
  }
  closedir(opened);
  return count;
}

void scratch_write(const char *path, const void *data, size_t size) {
  FILE *file = fopen(path, "wb");
  eagre_assert(file != NULL);
  eagre_assert(fwrite(data, 1, size, file) == size);
  eagre_assert(fclose(file) == 0);
}

char *scratch_read(const char *path, size_t *out_size) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) return NULL;
  struct eagre_buffer content = {0};
  for (size_t got = 1; got > 0;) {
    got = fread(eagre_buffer_reserve(&content, 65536), 1, 65536, file);
    content.size += got;
  }
  fclose(file);
  if (out_size != NULL) *out_size = content.size;
  return (char *)eagre_buffer_string(&content);
}
