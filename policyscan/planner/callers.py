"""Who calls a server: the protocol knows no password, but Linux tells whose a connection is.

`/proc/net/tcp` names the socket at the other end of a connection, `/proc/PID/fd` who holds it.
Source: proc(5).
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST: Final = "127.0.0.1"
_PROC: Final = Path("/proc")
_IPV4: Final = f"{int.from_bytes(bytes(map(int, HOST.split('.'))), sys.byteorder):08X}"
_MAPPED: Final = f"{0:016X}{int.from_bytes(bytes((0, 0, 255, 255)), sys.byteorder):08X}{_IPV4}"
_TABLES: Final = (("tcp", _IPV4), ("tcp6", _MAPPED))
"""The tables, and the host as they write it, which they do in words of this machine."""
_INODE: Final = 6
"""Of the columns behind the two ends of a connection."""
_GROUP: Final = 2
"""Of what stands in `/proc/PID/stat` behind the name: state, parent, group."""


class Callers(Struct, frozen=True):
    """Those who may call the server at `port`: the processes of a group.

    Where the system does not tell who holds a socket, as macOS, everybody may.
    """

    group: int
    port: int
    _known: dict[str, bool] = field(default_factory=dict)
    _members: set[str] = field(default_factory=set)

    def include(self, peer: str) -> bool:
        """Whether a connection is of the group. Example: `include("ipv4:127.0.0.1:40000")`."""
        if peer not in self._known:
            self._known[peer] = self._is_of_group(peer) or not self._can_tell()
        return self._known[peer]

    def _is_of_group(self, peer: str) -> bool:
        host, _, port = peer.removeprefix("ipv4:").rpartition(":")
        calling = _socket(int(port), self.port) if host == HOST else None
        # Nearly always it is one of whom we know, and a machine may run thousands.
        for process in chain(tuple(self._members), _processes()) if calling else ():
            if _group_of(process) == self.group and _is_held(process, calling):
                self._members.add(process)
                return True
        return False

    def _can_tell(self) -> bool:
        # The socket that listens is our own: where that is not found, no other is.
        return _is_held("self", _socket(self.port, 0))


def _socket(local: int, remote: int) -> str | None:
    """What the socket at a port of the host is called that is connected to another one, or to none.

    Example: `socket:[4711]`.
    """
    for table, host in _TABLES:
        nobody = f"{0:0{len(host)}X}:0000"
        ends = f" {host}:{local:04X} {f'{host}:{remote:04X}' if remote else nobody} "
        with suppress(OSError):
            # A machine may have thousands of them too, so not all are taken apart.
            if found := (_PROC / "net" / table).read_text().partition(ends)[2]:
                return f"socket:[{found.split(maxsplit=_INODE + 1)[_INODE]}]"
    return None


def _is_held(process: str, socket: str | None) -> bool:
    with suppress(OSError):
        for entry in os.scandir(_PROC / process / "fd"):
            # A descriptor may be closed before it is looked at.
            with suppress(OSError):
                if os.readlink(entry.path) == socket:  # noqa: PTH115 - there may be hundreds
                    return True
    return False


def _processes() -> Iterator[str]:
    return filter(str.isdecimal, os.listdir(_PROC))  # noqa: PTH208 - pathlib takes twice as long


def _group_of(process: str) -> int | None:
    with suppress(OSError):
        stat = (_PROC / process / "stat").read_text()
        return int(stat.rpartition(")")[2].split()[_GROUP])
    return None
