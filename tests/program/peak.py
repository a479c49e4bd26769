"""Runs a program and writes the most memory it ever held, in KiB, to a file.

    python3 peak.py FILE PROGRAM ARGUMENTS...

It is a process of its own because a child inherits the figure of the process it was forked from: that must be a
small one, and a test session is not."""

import os
import sys


def main():
    file, *command = sys.argv[1:]
    child = os.posix_spawn(command[0], command, os.environ)
    _, status, usage = os.wait4(child, 0)
    with open(file, "w", encoding="ascii") as out:
        out.write(str(usage.ru_maxrss))
    return os.waitstatus_to_exitcode(status) & 0xff


if __name__ == "__main__":
    sys.exit(main())
