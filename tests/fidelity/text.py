"""Reads what `terraform plan` prints for people: the resources it creates, with their values.

    + resource "aws_vpc" "this" {
        + cidr_block = "10.0.0.0/16"
        + id         = (known after apply)

        + dynamic_part (known after apply)
      }

What is null is not printed, and an empty text inside a set only counted, so that what is missing
here is nothing. `jsonencode(...)` becomes the value inside it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from tests.fidelity.leaves import UNKNOWN

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_HEADING = re.compile(r"^\s*# (\S.*) will be created$")
_RESOURCE = re.compile(r'^\s*\+ resource "(\w+)" "[\w-]+" \{$')
_TOKEN = re.compile(
    r"\s*(?:\+ |# [^\n]*\n)*\s*(?P<token>"
    r"\((?:known after apply|sensitive value|write-only attribute)\)"
    r'|jsonencode\(|"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:e\+\d+)?|[\w-]+|[{}\[\](),=])'
)
_WORDS = {"true": True, "false": False, "null": None}
SENSITIVE = "(sensitive value)"


def created(text: str) -> Mapping[str, Any]:
    """Address -> {"type", "values"} of every resource to be created; blocks are lists."""
    lines = _COLOUR.sub("", text).split("\n")
    found: dict[str, Any] = {}
    for number, line in enumerate(lines):
        heading = _HEADING.match(line)
        if heading and (resource := _RESOURCE.match(lines[number + 1])):
            indent = len(lines[number + 1]) - len(lines[number + 1].lstrip())
            end = next(
                index
                for index in range(number + 2, len(lines))
                if lines[index].rstrip() == " " * (indent + 2) + "}"
                or lines[index].rstrip() == " " * indent + "}"
            )
            body = "\n".join(lines[number + 2 : end]) + "\n}"
            found[heading[1]] = {"type": resource[1], "values": _Reader(body).body()}
    return found


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def _next(self) -> str:
        found = _TOKEN.match(self._text, self._at)
        if found is None:
            raise ValueError(f"not a plan: {self._text[self._at : self._at + 60]!r}")
        self._at = found.end()
        return found["token"]

    def _peek(self) -> str:
        at, token = self._at, self._next()
        self._at = at
        return token

    def body(self) -> dict[str, Any]:
        """Attributes, and blocks as lists, up to the closing brace."""
        values: dict[str, Any] = {}
        while (name := self._next()) != "}":
            match self._peek():
                case "=":
                    self._next()
                    values[name] = self.value()
                case "{":
                    self._next()
                    values.setdefault(name, []).append(self.body())
                case _:
                    values[name] = self.value()
        return values

    def value(self) -> Any:
        token = self._next()
        match token:
            case "(known after apply)":
                return UNKNOWN
            case "(sensitive value)" | "(write-only attribute)":
                return SENSITIVE
            case "jsonencode(":
                inner = self.value()
                self._next()
                return inner
            case "[":
                return self._list()
            case "{":
                return self._map()
        if token in _WORDS:
            return _WORDS[token]
        return json.loads(token)

    def _list(self) -> list[Any]:
        values = []
        while self._peek() != "]":
            values.append(self.value())
            if self._peek() == ",":
                self._next()
        self._next()
        return values

    def _map(self) -> dict[str, Any]:
        values = {}
        while (name := self._next()) != "}":
            self._next()
            values[json.loads(name) if name.startswith('"') else name] = self.value()
            if self._peek() == ",":
                self._next()
        return values
