"""What is said to a process that judges, and by it: pickles, each with its length before it."""

from __future__ import annotations

import pickle
import struct
from typing import Any, BinaryIO, Final

from msgspec import Struct

from policyscan.fleet.judge import Judged

LENGTH: Final = struct.Struct(">Q")


class Work(Struct, frozen=True):
    """A plan: its name, its content, and the digest of what it is known to have been."""

    name: str
    content: bytes
    known: str | None = None


class Ready(Struct, frozen=True):
    """The recipe is understood, and comes to the rules of this fingerprint."""

    rules: str


class Answer(Struct, frozen=True):
    """What becomes of a plan; None where it took more memory than it may.

    `is_last`: the process ends with it.
    """

    judged: Judged | None
    is_last: bool = False


def packed(message: object) -> bytes:
    """A message as it is sent."""
    content = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    return LENGTH.pack(len(content)) + content


def read(content: bytes) -> Any:
    """A message, its length left out."""
    return pickle.loads(content)  # noqa: S301 - our own words, in a pipe of our own


def send(stream: BinaryIO, message: object) -> None:
    """Write a message."""
    stream.write(packed(message))
    stream.flush()


def receive(stream: BinaryIO) -> Any:
    """The next message, None when there is none any more."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    [length] = LENGTH.unpack(head)
    content = stream.read(length)
    return read(content) if len(content) == length else None
