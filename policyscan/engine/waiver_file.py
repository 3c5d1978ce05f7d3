"""The file of waivers: a list, each item of which says all of one waiver."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from policyscan.engine.address_pattern import address_pattern
from policyscan.engine.form import Day, Flaw, Form, Items, Table, Text, day_of
from policyscan.engine.waiver import Waiver, Waivers
from policyscan.errors import ConfigError

LARGEST: Final = 2**18
"""Bytes: more than a thousand waivers, which take two seconds to read."""

_PLAIN: Final = re.compile(r"[A-Za-z][\w ,.()/@+-]*(?<! )", re.ASCII)
_WORDS: Final = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})
_ITEM: Final = re.compile(r"^( *)-(?:\s|$)", re.MULTILINE)


class _Address:
    """A pattern of addresses."""

    what = "The address, or a pattern of addresses, whose finding is waived."

    def flaws(self, value: object) -> Iterator[Flaw]:
        """It is none."""
        try:
            address_pattern(value if isinstance(value, str) else "")
        except ConfigError as problem:
            yield Flaw((), str(problem))

    @property
    def schema(self) -> dict[str, Any]:
        """A string."""
        return {"description": self.what, "type": "string", "minLength": 1}


_FIELDS: Final[Mapping[str, Form]] = {
    "rule": Text("A rule, by id, name or group, with * for any letters.", may_be_blank=False),
    "address": _Address(),
    "reason": Text("Why the finding may stay.", may_be_blank=False),
    "owner": Text("Who answers for it.", may_be_blank=False),
    "expires": Day("The last day on which the waiver counts."),
}
WAIVER_FORM: Final = Table("A waiver.", _FIELDS, needed=tuple(_FIELDS))
WAIVERS_FORM: Final = Items("Findings that somebody answers for, until a day.", WAIVER_FORM)


def read_waivers(path: Path) -> Waivers:
    """The waivers of a file; an item that is none is told by a line and does not count.

    Raises ConfigError: the file cannot be read, or is no list.
    """
    from policyscan.engine.yaml_file import read_yaml  # noqa: PLC0415 - yaml takes 40 ms

    try:
        size = path.stat().st_size
    except OSError as problem:
        raise ConfigError(f"{path}: cannot be read: {problem.strerror}") from None
    if size > LARGEST:
        raise ConfigError(f"{path}: is larger than {LARGEST} bytes; give each plan a file its own")
    file = read_yaml(path, is_plain=True)
    if file.content is None:
        return Waivers()
    if not isinstance(file.content, list):
        raise ConfigError(
            f"{path}:1: is no list of waivers; start each with `- rule:` at the margin"
        )
    given: list[Waiver] = []
    faults: list[str] = []
    for number, content in enumerate(file.content):
        place = file.place((str(number),))
        if flaws := tuple(WAIVER_FORM.flaws(content)):
            told = "; ".join(" ".join((*flaw.path, flaw.text)) for flaw in flaws)
            faults.append(f"{place}: a waiver that does not count: {told}")
        else:
            given.append(_waiver(content, place))
    return Waivers(tuple(given), tuple(faults))


def _waiver(content: Mapping[str, str], place: str) -> Waiver:
    return Waiver(
        content["rule"],
        (content["address"],),
        content["reason"].strip(),
        content["owner"].strip(),
        day_of(content["expires"]),
        place,
    )


def addition(text: str, waiver: Waiver) -> str:
    """What to write at the end of a file's text for it to hold one waiver more."""
    indent = first[1] if (first := _ITEM.search(text)) else ""
    values = (waiver.rule, *waiver.addresses, waiver.reason, waiver.owner, str(waiver.expires))
    lines = [
        f"{indent}{' ' if number else '-'} {name}: {_written(name, value)}"
        for number, (name, value) in enumerate(zip(_FIELDS, values, strict=True))
    ]
    newline = "\r\n" if "\r\n" in text else "\n"
    ended = newline if text and not text.endswith("\n") else ""
    return ended + newline.join([*lines, ""])


def _written(name: str, value: str) -> str:
    """A value in YAML: bare where nobody could take it for something else, else quoted."""
    is_bare = _PLAIN.fullmatch(value) and value.lower() not in _WORDS
    if is_bare or name == "expires":
        return value
    if value.isprintable():
        return "'{}'".format(value.replace("'", "''"))
    escaped = (each if each.isalnum() else f"\\U{ord(each):08x}" for each in value)
    return f'"{"".join(escaped)}"'
