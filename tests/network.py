"""Keeps the tests on this machine: every other address looks unreachable."""

from __future__ import annotations

import errno
import socket
import sys
from typing import Any

_HERE = frozenset({"", "localhost", "127.0.0.1", "::1", "0.0.0.0", "::"})  # noqa: S104


def block_other_hosts() -> None:
    """Refuse look-ups of, and connections to, any host but this one.

    An audit hook sees every socket of the interpreter, so no library has to be
    patched; it cannot be taken away again.
    """
    sys.addaudithook(_refuse_other_hosts)


def _refuse_other_hosts(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "socket.getaddrinfo" and not _is_here(arguments[0]):
        raise socket.gaierror(
            socket.EAI_NONAME, f"Tests look up this machine only, not {arguments[0]}."
        )
    if event in {"socket.connect", "socket.sendto"}:
        address = arguments[1]
        # Addresses of other families (Unix sockets, netlink) are no pairs.
        if isinstance(address, tuple) and not _is_here(address[0]):
            raise OSError(
                errno.ENETUNREACH, f"Tests connect to this machine, not {address[0]}."
            )


def _is_here(host: Any) -> bool:
    if host is None:
        return True
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
    return name in _HERE or name.startswith("127.") or name == socket.gethostname()
