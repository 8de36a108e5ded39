"""Become another user, tie this process to its parent, then become the given program.

Run as a script of its own, because none of it is safe between fork and exec of a process with threads:

    python -I -S launch.py MANNER UID GID PARENT DIRECTORY PROGRAM [ARGUMENT ...]

It imports before it drops anything, since the new user may be unable to read the interpreter's folder, and
imports nothing of Almoner.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG, PR_SET_KEEPCAPS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 8, 47, 2
CAP_DAC_OVERRIDE = 1
CAPABILITY_VERSION_3 = 0x20080522


def main() -> None:
    """Do what the command line says; exits with 1 and a sentence on standard error if it cannot."""
    manner, uid, gid, parent, directory, *program = sys.argv[1:]
    try:
        os.setsid()  # a Ctrl-C in the terminal is for the supervisor, which stops its child in its own time
        if manner == "namespace":
            enter_namespace(int(uid), int(gid))
        elif manner == "drop":
            drop(int(uid), int(gid))
        elif manner == "drop-keeping-reach":
            drop_keeping_reach(int(uid), int(gid))
        follow_parent(int(parent))  # after the change of user, which would undo it
        os.umask(0o077)
        os.chdir(directory)
        os.execv(program[0], program)  # noqa: S606 - a shell is not wanted
    except OSError as error:
        raise SystemExit(
            f"cannot run {program[0]} in {directory} as uid {uid} ({manner}): {error}"
        ) from error


def drop(uid: int, gid: int) -> None:
    """Become another user for good."""
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def drop_keeping_reach(uid: int, gid: int) -> None:
    """Become another user that may still pass every directory: that capability of root's survives exec."""
    prctl(PR_SET_KEEPCAPS, 1)
    drop(uid, gid)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    bit = 1 << CAP_DAC_OVERRIDE
    # effective, permitted and inheritable of capabilities 0 to 31, then of the rest
    sets = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)
    checked(libc().capset(header, sets))
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0)


def enter_namespace(uid: int, gid: int) -> None:
    """Enter a user namespace that shows this process as `uid` and `gid`, and takes root's rights from it."""
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    checked(libc().unshare(CLONE_NEWUSER))
    Path("/proc/self/setgroups").write_text("deny")  # else the kernel refuses the next line
    Path("/proc/self/gid_map").write_text(f"{gid} {outer_gid} 1")
    Path("/proc/self/uid_map").write_text(f"{uid} {outer_uid} 1")


def follow_parent(parent: int) -> None:
    """Ask the kernel for a SIGINT, PostgreSQL's fast shutdown, when the parent dies. Only Linux can."""
    if sys.platform == "linux":
        prctl(PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != parent:
            raise SystemExit("the supervisor is gone")


def prctl(option: int, *arguments: int) -> None:
    """Set an attribute of this process; raises the OSError of a refusal."""
    checked(libc().prctl(option, *(ctypes.c_ulong(argument) for argument in arguments)))


def libc() -> ctypes.CDLL:
    """Return the C library that this interpreter runs on."""
    return ctypes.CDLL(None, use_errno=True)


def checked(result: int) -> None:
    """Raise the OSError of a C call that failed."""
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


if __name__ == "__main__":
    main()
