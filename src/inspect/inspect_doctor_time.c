/* How long a thread that wants to run is kept from it: it reads the clock all the time and notes
 * the gaps. Interrupts, other threads and a hypervisor show up here, and in the latency of every
 * event. */
#include "inspect/inspect_doctor.h"

enum {
  SPIN_US = 300 * 1000,
  GAP_NOTED_US = 50,  /* shorter ones are interrupts */
  GAP_GOOD_US = 5000, /* a few milliseconds: other threads of this host */
};

void eagre_inspect_doctor_time(struct eagre_inspect_doctor *doctor) {
  int64_t begin_us = (int64_t)(eagre_clock_monotonic_ns() / 1000);
  int64_t last_us = begin_us;
  int64_t longest_us = 0;
  int64_t lost_us = 0;
  while (last_us - begin_us < SPIN_US) {
    int64_t now_us = (int64_t)(eagre_clock_monotonic_ns() / 1000);
    int64_t gap_us = now_us - last_us;
    if (gap_us > longest_us) longest_us = gap_us;
    if (gap_us >= GAP_NOTED_US) lost_us += gap_us;
    last_us = now_us;
  }
  enum eagre_inspect_verdict verdict =
      longest_us <= GAP_GOOD_US ? EAGRE_INSPECT_GOOD : EAGRE_INSPECT_NOTE;
  eagre_inspect_doctor_add(doctor, "jitter", verdict,
                           "other work takes the processors: give flows cores of their own "
                           "(--cores 2,3 and the kernel's isolcpus=2,3)",
                           "a spinning thread was away for %.2f ms at most, %.1f %% of its time",
                           (double)longest_us / 1000,
                           100.0 * (double)lost_us / (double)(last_us - begin_us));
}
