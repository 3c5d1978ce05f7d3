"""A large plan without what is not read of it, so that it takes less memory and time."""

from __future__ import annotations

import re
from typing import Final

LARGE: Final = 32 * 2**20
"""Bytes from which the cut is worth a pass over the file."""

_UNREAD: Final = "planned_values"
_INSTEAD: Final = "resource_changes"
_NOTHING: Final = (b"", b"[]", b"null")
_PLACE: Final = re.compile(rb'"planned_values"[ \t\r\n]*:[ \t\r\n]*')


def lean(content: bytes, *, large: int = LARGE) -> bytes:
    """Plan JSON with `planned_values` emptied: `resource_changes` says all of it and more.

    Anything small, and anything that is not strictly JSON with both, comes back as it is, for the
    reader to judge. Example: {"planned_values": {"outputs": ..}, ..} -> {"planned_values": {}, ..}.
    """
    if len(content) < large:
        return content
    import msgspec  # noqa: PLC0415 - few plans are large

    try:
        parts = msgspec.json.decode(content, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, RecursionError):
        return content
    if _UNREAD not in parts or bytes(parts.get(_INSTEAD, b"")) in _NOTHING:
        return content
    unread = bytes(parts[_UNREAD])
    for place in _PLACE.finditer(content):
        end = place.end() + len(unread)
        if unread.startswith(b"{") and content[place.end() : end] == unread:
            return b"{}".join((content[: place.end()], content[end:]))
    return content
