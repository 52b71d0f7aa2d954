"""This computer: its name among others, and what stays as it is when somebody sets its clock: the boot, the time since
it, and when in it a process began.

Linux tells all of the latter; elsewhere it is None, and times since 1970 have to do.
"""

import functools
import os
import socket
import time
from pathlib import Path

import psutil

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_LONGEST_NAME = 200  # characters
_STARTED = 19  # of the fields after the command's name in /proc/<pid>/stat: starttime, the 22nd of all (proc(5))


@functools.cache
def boot_id() -> str | None:
    """The name of this boot of the computer, which no other boot has; None where the system gives it none."""
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def host() -> str:
    """This computer's name: $LESIONLAB_NODE, else its host name."""
    return (os.environ.get("LESIONLAB_NODE") or socket.gethostname())[:_LONGEST_NAME]


def node() -> str:
    """Where processes are known by their numbers: $LESIONLAB_NODE, else the host name and the boot, since containers of
    one host share its boot, and hosts may share a name.
    """
    named = bool(os.environ.get("LESIONLAB_NODE"))
    return host() if named or boot_id() is None else f"{host()} {boot_id()}"


def uptime() -> float | None:
    """Seconds since `boot_id` began, sleep included; None where the system names no boot."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if boot_id() else None


def _ticks(pid: int) -> int | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    fields = stat[stat.rfind(b")") + 2 :].split()  # the command's name may hold spaces and brackets
    return int(fields[_STARTED]) if len(fields) > _STARTED else None


def birth(pid: int) -> str | None:
    """When the process began: "<boot id> <clock ticks since that boot>"; None where that is not known."""
    boot, ticks = boot_id(), _ticks(pid)
    return None if boot is None or ticks is None else f"{boot} {ticks}"


def process_age() -> float:
    """Seconds since this process began."""
    ticks, now = _ticks(os.getpid()), uptime()
    if ticks is None or now is None:
        return max(time.time() - psutil.Process().create_time(), 0.0)
    return now - ticks / os.sysconf("SC_CLK_TCK")
