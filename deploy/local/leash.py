"""Becomes another program that does not outlive its parent: `leash.py <signal> <parent pid> <uid> <gid> <program> …`.

A program of its own, not a `preexec_fn`: code between fork and exec may deadlock in a parent that has threads.
Only Linux has the death signal; elsewhere the pid file lets the next start end what was left (child.py).
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h
KEEP = -1  # a uid or gid that stays as it is


def become(uid: int, gid: int) -> None:
    """Drop root. Before the death signal is set, because a change of credentials clears it."""
    if gid != KEEP:
        os.setgroups([])
        os.setgid(gid)
    if uid != KEEP:
        os.setuid(uid)


def bind_to(parent: int, signum: int) -> None:
    if signum == 0 or not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signum, 0, 0, 0)
    if os.getppid() != parent:  # it died before we asked
        sys.exit(1)


def main(signum: str, parent: str, uid: str, gid: str, *program: str) -> None:
    become(int(uid), int(gid))
    bind_to(int(parent), int(signum))
    os.execv(program[0], program)


if __name__ == "__main__":
    main(*sys.argv[1:])
