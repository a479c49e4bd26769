/* A directory that checkpoints or tables go to: what it lies on, what is free there, and what it
 * costs to make a small file durable, as every epoch does several times. */
#include "inspect/inspect_doctor.h"

#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

enum {
  TRIAL_COUNT = 15,
  GOOD_SYNC_US = 10 * 1000,
};
static const uint64_t FREE_BYTES_MIN = (uint64_t)1 << 30;

/* ---- File systems ---------------------------------------------------------------------------- */

static const struct file_system {
  long magic; /* statfs(2) */
  const char *name;
  enum eagre_inspect_verdict verdict;
  const char *advice;
} file_systems[] = {
    {0xef53, "ext4", EAGRE_INSPECT_GOOD, NULL},
    {0x58465342, "xfs", EAGRE_INSPECT_GOOD, NULL},
    {0x9123683e, "btrfs", EAGRE_INSPECT_GOOD, NULL},
    {0x2fc12fc1, "zfs", EAGRE_INSPECT_GOOD, NULL},
    {0xf2f52010, "f2fs", EAGRE_INSPECT_GOOD, NULL},
    {0x794c7630, "overlay", EAGRE_INSPECT_NOTE,
     "it goes away with the container: mount a volume there"},
    {0x6969, "nfs", EAGRE_INSPECT_NOTE, "locks and syncs are the server's: prefer a local disk"},
    {0x01021994, "tmpfs", EAGRE_INSPECT_BAD,
     "it is memory and does not survive a restart of the host: choose a disk"},
    {0x858458f6, "ramfs", EAGRE_INSPECT_BAD,
     "it is memory and does not survive a restart of the host: choose a disk"},
};

static void check_file_system(struct eagre_inspect_doctor *doctor, const char *directory) {
  struct statfs about;
  if (statfs(directory, &about) != 0) return; /* the trial that follows says why */
  struct file_system found = {0, "another file system", EAGRE_INSPECT_NOTE,
                              "Eagre is tested on ext4 and xfs"};
  for (size_t i = 0; i < EAGRE_COUNT_OF(file_systems); i++) {
    if (file_systems[i].magic == (long)about.f_type) found = file_systems[i];
  }
  eagre_inspect_doctor_add(doctor, "file system", found.verdict, found.advice, "%s lies on %s",
                           directory, found.name);
  uint64_t free_bytes = (uint64_t)about.f_bavail * (uint64_t)about.f_bsize;
  eagre_inspect_doctor_add(
      doctor, "free space", free_bytes < FREE_BYTES_MIN ? EAGRE_INSPECT_BAD : EAGRE_INSPECT_GOOD,
      "make room: a full disk ends every flow that writes there", "%.1f GiB below %s",
      (double)free_bytes / (double)((uint64_t)1 << 30), directory);
}

/* ---- Syncs ----------------------------------------------------------------------------------- */

static int compare_times(const void *a, const void *b) {
  int64_t first = *(const int64_t *)a;
  int64_t second = *(const int64_t *)b;
  return (first > second) - (first < second);
}

/* Makes one file durable TRIAL_COUNT times. */
static enum eagre_status time_syncs(struct eagre_inspect_doctor *doctor, const char *path,
                                    int64_t *times_us, struct eagre_error *error) {
  for (int i = 0; i < TRIAL_COUNT; i++) {
    struct eagre_io_file file = {
        .path = path, .content = EAGRE_TEXT("eagre doctor\n"), .publish = EAGRE_IO_REPLACE};
    int64_t begin_us = (int64_t)(eagre_clock_monotonic_ns() / 1000);
    EAGRE_TRY(eagre_io_write_files(doctor->io, &file, 1, error));
    times_us[i] = (int64_t)(eagre_clock_monotonic_ns() / 1000) - begin_us;
  }
  qsort(times_us, TRIAL_COUNT, sizeof *times_us, compare_times);
  return EAGRE_OK;
}

static void check_syncs(struct eagre_inspect_doctor *doctor, const char *directory) {
  const char *path =
      eagre_arena_printf(&doctor->arena, "%s/.eagre-doctor-%ld", directory, (long)getpid()).data;
  int64_t times_us[TRIAL_COUNT];
  struct eagre_error error;
  if (time_syncs(doctor, path, times_us, &error) != EAGRE_OK) {
    eagre_inspect_doctor_add(doctor, "durability", EAGRE_INSPECT_BAD, "flows have to write there",
                             "[%s] %s", error.class_name, error.text);
    return;
  }
  eagre_io_remove_files(doctor->io, &path, 1, NULL);
  int64_t median_us = times_us[TRIAL_COUNT / 2];
  eagre_inspect_doctor_add(
      doctor, "durability", median_us <= GOOD_SYNC_US ? EAGRE_INSPECT_GOOD : EAGRE_INSPECT_NOTE,
      "an epoch waits for several of these: use a faster disk, or longer epochs "
      "(trigger = 'processing time 10 seconds')",
      "a small file is durable in %.2f ms (slowest of %d: %.2f ms)", (double)median_us / 1000,
      TRIAL_COUNT, (double)times_us[TRIAL_COUNT - 1] / 1000);
}

/* The path itself, or the nearest directory above it that is there. */
static const char *find_existing(struct eagre_inspect_doctor *doctor, const char *path) {
  char *directory = eagre_arena_copy_string(&doctor->arena, path);
  while (access(directory, F_OK) != 0) {
    char *slash = strrchr(directory, '/');
    if (slash == NULL) return ".";
    if (slash == directory) return "/";
    *slash = '\0';
  }
  return directory;
}

void eagre_inspect_doctor_disk(struct eagre_inspect_doctor *doctor, const char *path) {
  const char *directory = find_existing(doctor, path);
  check_file_system(doctor, directory);
  check_syncs(doctor, directory);
}
