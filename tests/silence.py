"""`python -m tests.silence REPORT COMMAND…`: runs a command where no network is, with an empty home, and tells what it
tried to reach and what it left there.

A network namespace of its own has no way out; the kernel counts each attempt to leave it, by whatever library and by
whichever child. What the environment names as proxy listens inside and counts too.
"""

import fcntl
import json
import os
import socket
import struct
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

_ALONE = ("unshare", "--user", "--map-root-user", "--net")
_COUNTERS = ("Ip:OutNoRoutes", "Udp:OutDatagrams", "Ip6OutNoRoutes", "Udp6OutDatagrams")
_SET_FLAGS, _UP_AND_RUNNING = 0x8914, 0x41  # of <linux/sockios.h> and <net/if.h>
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


@dataclass(frozen=True)
class Heard:
    """What came of a command.

    Attributes:
        code: how it ended.
        proxied: connections to the proxy.
        outside: attempts to reach anything but this computer, names asked for included.
        left: files and folders in its home, relative to it.
        said: its standard output and error.
    """

    code: int
    proxied: int
    outside: int
    left: list[str]
    said: str


def possible() -> bool:
    """Whether this machine lets a process have a network of its own."""
    try:
        return subprocess.run([*_ALONE, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def listen_to(command: list[str], folder: Path, **environment: str) -> Heard:
    """Runs `command` in `folder`'s subfolders `home` and `tmp`, with nothing of this process's LesionLab settings."""
    home, report = folder / "user", folder / "report.json"
    home.mkdir(parents=True)
    (folder / "tmp").mkdir()
    kept = {key: value for key, value in os.environ.items() if key in ("PATH", "LANG", "CHROMIUM", "OMP_NUM_THREADS")}
    done = subprocess.run(
        [*_ALONE, sys.executable, "-m", "tests.silence", str(report), *command], check=False, capture_output=True,
        text=True, cwd=Path(__file__).resolve().parents[1],
        env=kept | {"HOME": str(home), "TMPDIR": str(folder / "tmp")} | environment,
    )
    said = done.stdout + done.stderr
    if not report.exists():
        raise RuntimeError(f"The command did not come to its end: {said}")
    left = sorted(str(path.relative_to(home)) for path in home.rglob("*"))
    return Heard(**json.loads(report.read_text()), left=left, said=said)


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, _SET_FLAGS, struct.pack("16sh14x", b"lo", _UP_AND_RUNNING))


def _outside() -> int:
    """How often something tried to leave this network so far."""
    lines = [line.split() for line in Path("/proc/net/snmp").read_text().splitlines()]
    told = {name[0] + key: int(value) for name, values in zip(lines[::2], lines[1::2], strict=True)
            for key, value in zip(name[1:], values[1:], strict=True)}
    told |= {key: int(value) for key, value in map(str.split, Path("/proc/net/snmp6").read_text().splitlines())}
    return sum(told[counter] for counter in _COUNTERS)


def _count_connections(listener: socket.socket, came: list[str]) -> None:
    while True:
        connection, _ = listener.accept()
        came.append("one")
        connection.close()


def main() -> None:
    report, *command = sys.argv[1:]
    _raise_loopback()
    came: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_count_connections, args=(listener, came), daemon=True).start()
        proxy = f"http://127.0.0.1:{listener.getsockname()[1]}"
        before = _outside()
        environment = os.environ | dict.fromkeys(_PROXIES, proxy) | {"no_proxy": "127.0.0.1,localhost"}
        code = subprocess.run(command, check=False, env=environment).returncode
        Path(report).write_text(json.dumps({"code": code, "proxied": len(came), "outside": _outside() - before}))


if __name__ == "__main__":
    main()
