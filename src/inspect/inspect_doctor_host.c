/* What the host says of itself in /proc and /sys. Cloud machines hide some of it: what is not there
 * is not judged. */
#include "inspect/inspect_doctor.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>

enum { OPEN_FILES_MIN = 4096 };
static const rlim_t LOCKED_BYTES_MIN = (rlim_t)8 << 20;

static bool holds(struct eagre_text text, const char *part) {
  return memmem(text.data, text.size, part, strlen(part)) != NULL;
}

/* ---- Kernel ---------------------------------------------------------------------------------- */

static void check_io(struct eagre_inspect_doctor *doctor) {
  const char *description = eagre_io_description(doctor->io);
  bool is_ring = strncmp(description, "io_uring", 8) == 0;
  eagre_inspect_doctor_add(doctor, "io", is_ring ? EAGRE_INSPECT_GOOD : EAGRE_INSPECT_NOTE,
                           "plain system calls serve, with more of them: allow io_uring (sysctl "
                           "kernel.io_uring_disabled=0; in containers the io_uring_* calls of the "
                           "seccomp profile)",
                           "%s", description);
}

static void check_kernel(struct eagre_inspect_doctor *doctor) {
  struct utsname name;
  int major = 0;
  int minor = 0;
  if (uname(&name) != 0 || sscanf(name.release, "%d.%d", &major, &minor) != 2) return;
  bool is_new = major > 6 || (major == 6 && minor >= 1);
  eagre_inspect_doctor_add(doctor, "kernel", is_new ? EAGRE_INSPECT_GOOD : EAGRE_INSPECT_NOTE,
                           "Linux 6.1 and later save interrupts of io_uring", "Linux %s",
                           name.release);
}

static void check_clock(struct eagre_inspect_doctor *doctor) {
  struct eagre_text source = eagre_inspect_doctor_read(
      doctor, "/sys/devices/system/clocksource/clocksource0/current_clocksource");
  if (source.size == 0) return;
  bool is_fast = !holds(source, "hpet") && !holds(source, "acpi_pm") && !holds(source, "xen");
  eagre_inspect_doctor_add(doctor, "clock", is_fast ? EAGRE_INSPECT_GOOD : EAGRE_INSPECT_NOTE,
                           "reading it is a system call: boot with clocksource=tsc", "%s",
                           source.data);
}

/* ---- Processors ------------------------------------------------------------------------------ */

static void check_instructions(struct eagre_inspect_doctor *doctor) {
  bool is_fast = eagre_cpu_has_avx2();
  eagre_inspect_doctor_add(doctor, "instructions",
                           is_fast ? EAGRE_INSPECT_GOOD : EAGRE_INSPECT_NOTE,
                           "JSON is decoded at about half of the speed without AVX2", "AVX2 is %s",
                           is_fast ? "used" : "not there, or not in this build");
}

/* CPUs that a quota of the control group lets us use; 0 = no quota. */
static double read_quota(struct eagre_inspect_doctor *doctor) {
  struct eagre_text line = eagre_inspect_doctor_read(doctor, "/sys/fs/cgroup/cpu.max");
  double quota = 0;
  double period = 0;
  if (line.size == 0 || sscanf(line.data, "%lf %lf", &quota, &period) != 2) return 0;
  return period > 0 ? quota / period : 0;
}

static void check_cores(struct eagre_inspect_doctor *doctor) {
  cpu_set_t set;
  int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
  double quota = read_quota(doctor);
  if (quota > 0 && quota < count) {
    eagre_inspect_doctor_add(doctor, "cores", EAGRE_INSPECT_NOTE,
                             "a quota stops all threads for the rest of a period: give whole cores "
                             "(cpuset), and --cores as many as there are",
                             "%d may be used, for %.2f of their time", count, quota);
    return;
  }
  eagre_inspect_doctor_add(doctor, "cores", EAGRE_INSPECT_GOOD, NULL, "%d may be used", count);
}

static void check_governor(struct eagre_inspect_doctor *doctor) {
  struct eagre_text governor =
      eagre_inspect_doctor_read(doctor, "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  if (governor.size == 0) return;
  bool is_fast = holds(governor, "performance");
  eagre_inspect_doctor_add(doctor, "governor", is_fast ? EAGRE_INSPECT_GOOD : EAGRE_INSPECT_NOTE,
                           "processors wake up slowly: cpupower frequency-set -g performance", "%s",
                           governor.data);
}

static void check_isolation(struct eagre_inspect_doctor *doctor) {
  struct eagre_text isolated =
      eagre_inspect_doctor_read(doctor, "/sys/devices/system/cpu/isolated");
  eagre_inspect_doctor_add(
      doctor, "isolation", isolated.size > 0 ? EAGRE_INSPECT_GOOD : EAGRE_INSPECT_NOTE,
      "for the last microseconds only: boot with isolcpus=, nohz_full= and rcu_nocbs= for the "
      "processors that --cores names",
      isolated.size > 0 ? "processors %s are kept free of other work"
                        : "no processor is kept free of other work%s",
      isolated.data);
}

static void check_nodes(struct eagre_inspect_doctor *doctor) {
  struct eagre_text nodes = eagre_inspect_doctor_read(doctor, "/sys/devices/system/node/online");
  if (nodes.size == 0) return;
  bool is_one = eagre_text_equal(nodes, EAGRE_TEXT("0"));
  eagre_inspect_doctor_add(doctor, "memory nodes", is_one ? EAGRE_INSPECT_GOOD : EAGRE_INSPECT_NOTE,
                           "keep a program on one node: --cores with processors of one, and "
                           "numactl --membind",
                           is_one ? "one" : "nodes %s", nodes.data);
}

/* ---- Memory and limits ----------------------------------------------------------------------- */

static void check_pages(struct eagre_inspect_doctor *doctor) {
  struct eagre_text mode =
      eagre_inspect_doctor_read(doctor, "/sys/kernel/mm/transparent_hugepage/enabled");
  if (mode.size == 0) return;
  bool is_off = holds(mode, "[never]");
  eagre_inspect_doctor_add(doctor, "huge pages", is_off ? EAGRE_INSPECT_NOTE : EAGRE_INSPECT_GOOD,
                           "large states miss the TLB: echo madvise > "
                           "/sys/kernel/mm/transparent_hugepage/enabled",
                           "%s", mode.data);
}

/* Kilobytes of a line of /proc/meminfo; -1 = not there. */
static long find_kilobytes(struct eagre_text text, const char *name) {
  const char *line = text.size == 0 ? NULL : strstr(text.data, name);
  return line == NULL ? -1 : strtol(line + strlen(name), NULL, 10);
}

static void check_memory(struct eagre_inspect_doctor *doctor) {
  struct eagre_text memory = eagre_inspect_doctor_read(doctor, "/proc/meminfo");
  long total = find_kilobytes(memory, "MemTotal:");
  long available = find_kilobytes(memory, "MemAvailable:");
  long swap = find_kilobytes(memory, "SwapTotal:");
  long swap_free = find_kilobytes(memory, "SwapFree:");
  if (total < 0 || available < 0) return;
  bool swaps = swap > 0 && swap_free < swap;
  eagre_inspect_doctor_add(doctor, "memory", swaps ? EAGRE_INSPECT_NOTE : EAGRE_INSPECT_GOOD,
                           "state that is swapped out stops its core: sysctl vm.swappiness=1, or "
                           "swapoff",
                           "%.1f of %.1f GiB available%s", (double)available / (1 << 20),
                           (double)total / (1 << 20), swaps ? ", and some is swapped out" : "");
}

static void check_limits(struct eagre_inspect_doctor *doctor) {
  struct rlimit files;
  struct rlimit locked;
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    eagre_inspect_doctor_add(
        doctor, "open files",
        files.rlim_cur < OPEN_FILES_MIN ? EAGRE_INSPECT_NOTE : EAGRE_INSPECT_GOOD,
        "partitioned directories and many brokers need more: ulimit -n 65536 (LimitNOFILE=)",
        "%llu at most", (unsigned long long)files.rlim_cur);
  }
  if (getrlimit(RLIMIT_MEMLOCK, &locked) != 0) return;
  bool is_unlimited = locked.rlim_cur == RLIM_INFINITY;
  bool is_enough = is_unlimited || locked.rlim_cur >= LOCKED_BYTES_MIN;
  char size[32] = "without limit";
  if (!is_unlimited)
    snprintf(size, sizeof size, "%llu KiB", (unsigned long long)(locked.rlim_cur >> 10));
  eagre_inspect_doctor_add(doctor, "locked memory",
                           is_enough ? EAGRE_INSPECT_GOOD : EAGRE_INSPECT_NOTE,
                           "buffers are not registered with io_uring below 8 MiB: ulimit -l "
                           "unlimited (LimitMEMLOCK=)",
                           "%s", size);
}

void eagre_inspect_doctor_host(struct eagre_inspect_doctor *doctor) {
  check_kernel(doctor);
  check_io(doctor);
  check_clock(doctor);
  check_instructions(doctor);
  check_cores(doctor);
  check_governor(doctor);
  check_isolation(doctor);
  check_nodes(doctor);
  check_pages(doctor);
  check_memory(doctor);
  check_limits(doctor);
}
