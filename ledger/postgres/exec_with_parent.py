"""Start another program so that it ends with its parent, and without root's rights.

This file is run, not imported: `python -I -S exec_with_parent.py PARENT UID GID PROGRAM
ARGUMENTS…`. A program killed with -9 cannot stop its database, so the kernel does: when the parent
dies, the child gets the signal for a fast shutdown. The kernel forgets this when the user changes,
hence the order below; it watches the *thread* that started us, hence `Embedded` keeps one thread
for it. (A process of its own, because Python code between fork and exec may hang a program with
threads.)
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>


def main(parent: int, uid: int, gid: int, program: list[str]) -> None:
    """Replace this process by `program`; does not return."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    os.umask(0o077)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)
    if os.getppid() == parent:  # else it died before the kernel knew our wish
        os.execv(program[0], program)  # noqa: S606 - no shell is the point


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
