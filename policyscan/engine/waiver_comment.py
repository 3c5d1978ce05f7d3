"""Waivers in comments of the source, and the skip comments of Checkov."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from policyscan.engine.form import day_of
from policyscan.engine.waiver import Waiver, Waivers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policyscan.plan.address import ModulePath
    from policyscan.source import Comment

_EXAMPLE: Final = "`policyscan:ignore=RULE reason=... owner=... until=2027-01-31`"
_OURS: Final = re.compile(
    r"policyscan:\s*ignore\s*=\s*(?P<rules>[^\s,=]+(?:\s*,\s*[^\s,=]+)*)(?=\s|$)"
)
_PART: Final = re.compile(r"(?:^|\s)(reason|owner|until)\s*=")
_CHECKOVS: Final = re.compile(
    r"(?:checkov|bridgecrew|cortex):skip= *([A-Za-z_\d-]+(?:,[A-Za-z_\d-]+)*)?(:.*)?"
)
"""As Checkov reads it. Source: checkov/common/comment/enum.py."""
_BLOCK: Final = re.compile(r"(?!(?:variable|output|provider|check|ephemeral)\.)[^\[]+")


def comment_waivers(said: Iterable[tuple[ModulePath, Comment]]) -> Waivers:
    """What comments of modules waive: a block, in whatever instance of whatever call of its module.

    A comment that is for us and says no waiver is told by a line.
    """
    patterns: dict[tuple[str, str], list[str]] = {}
    for path, comment in said:
        blocks = patterns.setdefault((comment.text, f"{comment.file}:{comment.line}"), [])
        if _BLOCK.fullmatch(comment.block):
            module = "".join(f"module.{name}." for name in path)
            inside = ".*" if comment.block.startswith("module.") else ""
            blocks.append(f"{module}{comment.block}{inside}")
    found = [_read(text, place, tuple(each)) for (text, place), each in patterns.items()]
    return Waivers(
        tuple(waiver for each in found for waiver in each.given),
        tuple(fault for each in found for fault in each.faults),
    )


def _read(text: str, place: str, addresses: tuple[str, ...]) -> Waivers:
    skip = _CHECKOVS.match(text)
    if skip is not None:
        reason = (skip[2] or "")[1:].strip()
        checks = skip[1].split(",") if skip[1] and addresses else ()
        return Waivers(
            tuple(Waiver(each, addresses, reason, "", None, place, is_skip=True) for each in checks)
        )
    ours = _OURS.match(text)
    if ours is None:
        return _fault(place, f"{text!r} is none; write {_EXAMPLE}")
    lead, *parts = _PART.split(text[ours.end() :])
    said = {name: _unquoted(value) for name, value in zip(parts[::2], parts[1::2], strict=True)}
    missing = [name for name in ("reason", "owner", "until") if not said.get(name)]
    expires = day_of(said.get("until", ""))
    if lead.strip():
        return _fault(place, f"what does {lead.strip()!r} say? Write {_EXAMPLE}")
    if len(parts) > 2 * len(said):
        return _fault(place, "reason, owner or until is given twice")
    if missing:
        return _fault(place, f"gives no {', no '.join(missing)}; write {_EXAMPLE}")
    if expires is None:
        return _fault(place, f"until {said['until']} is no date, such as 2027-01-31")
    if not addresses:
        return _fault(
            place,
            "stands at no resource, data source or module call; put it inside of one, or directly "
            "above",
        )
    rules = [each.strip() for each in ours["rules"].split(",")]
    return Waivers(
        tuple(
            Waiver(rule, addresses, said["reason"], said["owner"], expires, place) for rule in rules
        )
    )


def _unquoted(value: str) -> str:
    value = value.strip()
    is_quoted = len(value) > 1 and value[0] == value[-1] and value[0] in {'"', "'"}
    return value[1:-1].strip() if is_quoted else value


def _fault(place: str, why: str) -> Waivers:
    return Waivers(faults=(f"{place}: a waiver that does not count: {why}",))
