/* Named crash points. `EAGRE_CRASH_AT=epoch.after_offsets:3` in the environment makes the process
 * kill itself with SIGKILL the third time it passes the point of that name (1 when no number is
 * given), after writing "crash point NAME:N" to stderr so that a test can prove it was hit. A name
 * that is not in the table below is refused at start (EAGRE_USAGE), so that no test runs without
 * its crash. Costs one load and one branch when unset. */
#pragma once

#include <eagre/status.h>

struct eagre_error;

/* Start-up only: reads the environment. */
enum eagre_status eagre_crash_configure(struct eagre_error *error);

/* Any thread. `name` must be a row of base_crash.def. */
void eagre_crash_point(const char *name);
