"""Who calls a server: the protocol knows no password, but Linux tells whose a connection is.

`/proc/net/tcp` names the socket at the other end of a connection, `/proc/PID/fd` who holds it.
Source: proc(5).
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST: Final = "127.0.0.1"
_PROC: Final = Path("/proc")
_IPV4: Final = f"{int.from_bytes(bytes(map(int, HOST.split('.'))), sys.byteorder):08X}"
_MAPPED: Final = f"{0:016X}{int.from_bytes(bytes((0, 0, 255, 255)), sys.byteorder):08X}{_IPV4}"
_ADDRESSES: Final = (_IPV4, _MAPPED)
"""The host as the tables write it, which they do in words of this machine."""
_LOCAL, _REMOTE, _INODE = 1, 2, 9
"""Columns of the tables."""
_GROUP: Final = 2
"""Of what stands in `/proc/PID/stat` behind the name: state, parent, group."""


@dataclass(frozen=True, slots=True)
class Callers:
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
            self._known[peer] = not self._can_tell() or self._is_of_group(peer)
        return self._known[peer]

    def _can_tell(self) -> bool:
        # The socket that listens is our own: whoever cannot find that one finds no other.
        return _is_held("self", _sockets(self.port, 0))

    def _is_of_group(self, peer: str) -> bool:
        host, _, port = peer.removeprefix("ipv4:").rpartition(":")
        sockets = _sockets(int(port), self.port) if host == HOST else frozenset()
        # Nearly always it is one of whom we know, and a machine may run thousands.
        for process in chain(tuple(self._members), _processes()) if sockets else ():
            if _group_of(process) == self.group and _is_held(process, sockets):
                self._members.add(process)
                return True
        return False


def _sockets(local: int, remote: int) -> frozenset[str]:
    """What the sockets at a port of the host are called that are connected to another one."""
    here = {f"{address}:{local:04X}" for address in _ADDRESSES}
    there = {f"{address}:{remote:04X}" for address in _ADDRESSES}
    return frozenset(
        f"socket:[{row[_INODE]}]"
        for row in _rows()
        if row[_LOCAL] in here and (not remote or row[_REMOTE] in there)
    )


def _rows() -> Iterator[list[str]]:
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in (_PROC / "net" / table).read_text().splitlines()[1:]:
                yield line.split()


def _is_held(process: str, sockets: frozenset[str]) -> bool:
    with suppress(OSError):
        for entry in os.scandir(_PROC / process / "fd"):
            # A descriptor may be closed before it is looked at.
            with suppress(OSError):
                if os.readlink(entry.path) in sockets:  # noqa: PTH115 - there may be hundreds
                    return True
    return False


def _processes() -> Iterator[str]:
    return filter(str.isdecimal, os.listdir(_PROC))  # noqa: PTH208 - pathlib takes twice as long


def _group_of(process: str) -> int | None:
    with suppress(OSError):
        stat = (_PROC / process / "stat").read_text()
        return int(stat.rpartition(")")[2].split()[_GROUP])
    return None
