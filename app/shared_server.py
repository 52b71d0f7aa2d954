"""`python -m app.shared_server class` or `stand` starts LesionLab for others, and says in the terminal what that means.

The server then answers at one address of the local network, or for a stand on this computer alone; whoever opens it is
a visitor until the passphrase is given on the page Operator. The passphrase stands in this terminal and nowhere else:
the server gets its hash.
"""

import argparse
import io
import ipaddress
import os
import socket
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

import psutil
import segno

from app.passphrase import HASH_VARIABLE, VARIABLE, hash_of, new_passphrase
from app.server_mode import VARIABLE as MODE_VARIABLE
from app.server_mode import Mode
from pipeline.errors import ConfigError, LesionLabError

_ROOT = Path(__file__).resolve().parents[1]
_HERE = "127.0.0.1"
_NOWHERE = "198.51.100.1"  # for documentation (RFC 5737): connecting a datagram socket to it sends nothing
_MEANING = {
    Mode.CLASS: "Everybody in this network who opens {url} can look, guess, go through lessons and classify images of "
                "their own. Nobody but you trains, imports, deletes, or takes a file away. Nothing is encrypted on the "
                "way: in a network that you do not trust, put a proxy with TLS in front.",
    Mode.STAND: "Visitors at this computer, who open {url}, can look, guess, classify images and start the training of "
                "one click. Nobody but you does anything else. No other computer is answered.",
}
_YOURS = "You are the operator once you have given the passphrase on the page {url}/operator"


class Start(NamedTuple):
    """How the server is started, and what the terminal says before."""

    command: list[str]
    environment: dict[str, str]
    words: str


def local_addresses(found: Iterable[str]) -> list[str]:
    """Those IPv4 addresses that only a local network reaches, without this computer's own."""
    parsed = [ipaddress.IPv4Address(address) for address in found]
    return [str(one) for one in parsed if one.is_private and not (one.is_loopback or one.is_link_local)]


def _addresses() -> list[str]:
    """This computer's IPv4 addresses; first the one from which it would reach others."""
    every = [one.address for of in psutil.net_if_addrs().values() for one in of if one.family == socket.AF_INET]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect((_NOWHERE, 9))
            first = asking.getsockname()[0]
        except OSError:  # no network at all
            first = None
    return sorted(every, key=lambda address: address != first)


def class_address(found: Iterable[str]) -> str:
    """The address for a class.

    Raises:
        ConfigError: this computer is in no local network.
    """
    local = local_addresses(found)
    if not local:
        raise ConfigError("This computer has no address in a local network.",
                          "Connect it, or name the address with --address.")
    return local[0]


def plan(mode: Mode, address: str, port: int, given: Mapping[str, str], *, on_a_terminal: bool) -> Start:
    """The command and its environment, and what to say.

    Args:
        address: IPv4, at which the server answers.
        given: the environment; `$LESIONLAB_PASSPHRASE` of it is taken, else one is made up.
        on_a_terminal: whether what is said is seen by a person and kept by nobody.

    Raises:
        ConfigError: the passphrase is too short, or would have to be written into a file.
    """
    passphrase = given.get(VARIABLE, "")
    made_up = "" if passphrase else new_passphrase()
    if made_up and not on_a_terminal:
        raise ConfigError("The passphrase is shown in a terminal alone, and this is none.",
                          f"Start it in a terminal, or set ${VARIABLE}.")
    environment = {name: value for name, value in given.items() if name != VARIABLE}
    environment |= {MODE_VARIABLE: mode, HASH_VARIABLE: hash_of(passphrase or made_up)}
    hosts = [part for host in dict.fromkeys((address, "localhost", _HERE)) for part in ("--server.allowedHosts", host)]
    command = [sys.executable, "-m", "streamlit", "run", str(_ROOT / "app" / "main.py"), "--server.address", address,
               "--server.port", str(port), *hosts]
    url = f"http://{address}:{port}"
    yours = _YOURS.format(url=url) + (f": {made_up} (shown this once)." if made_up else f", the one of ${VARIABLE}.")
    picture = f"\n{_qr(url)}" if mode is Mode.CLASS else ""
    return Start(command, environment, f"{picture}\n{_MEANING[mode].format(url=url)}\n\n{yours}\n")


def _qr(url: str) -> str:
    drawn = io.StringIO()
    segno.make(url, error="m").terminal(drawn, compact=True)
    return drawn.getvalue()


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Says what is to be said, and becomes the server."""
    parser = argparse.ArgumentParser(prog="python -m app.shared_server", description="Starts LesionLab for others.")
    parser.add_argument("mode", choices=[Mode.CLASS, Mode.STAND], type=Mode, help="for a class, or at a stand")
    parser.add_argument("--port", type=int, default=8501)
    parser.add_argument("--address", help="of this computer, for a class; else the first of a local network")
    asked = parser.parse_args(arguments)
    try:
        address = _HERE if asked.mode is Mode.STAND else asked.address or class_address(_addresses())
        start = plan(asked.mode, address, asked.port, os.environ, on_a_terminal=sys.stdout.isatty())
    except LesionLabError as error:
        sys.exit(str(error))
    print(start.words, flush=True)
    os.chdir(_ROOT)
    os.execve(start.command[0], start.command, start.environment)


if __name__ == "__main__":
    main()
