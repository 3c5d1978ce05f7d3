"""Breaks real plans: one structural, textual or byte-level change at a time."""

from __future__ import annotations

import copy
import json
from random import Random
from typing import Any

NAMES = (
    "",
    "0",
    "-1",
    "a" * 5000,
    "\x00",
    "\x1b[2J",
    "\u202e",
    "\u2028::error::x",
    "\U0001f4a5",
    "²",
    "${x}",
    "$${x}",
    "%{ if }",
    "<script>",
    "../../x",
    "[0]",
    '["',
    '["\\ud800"]',
    "module.",
    "data.",
    "aws_vpc.x[" + "9" * 5000 + "]",
    "arn:aws:",
    "arn:aws:iam::123456789012:role/x",
    "0.0.0.0/0",
    "::/0",
    "999.1.1.1/99",
    '[{"name":"\\ud800"}]',
    '{"a":NaN}',
    "[" * 3000,
    "[[1,2],{}]",
    "{}",
    "null",
    "1e999",
    "9" * 4000,
)
ATOMS: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2**31, 10**300, 0.5, -1.5, 1e300),
    *([], {}, [None], [[]], {"": None}, [{}], {"a": {"b": []}}, ["x", 1]),
    *NAMES,
)
_TAGS = ("after", "before", "after_unknown", "after_sensitive", "index", "mode", "references")


def mutated(document: dict[str, Any], random: Random) -> bytes:
    """The bytes of a plan with some of it broken."""
    broken = copy.deepcopy(document)
    for _ in range(random.choice((1, 1, 1, 2, 3, 5))):
        _break(_somewhere(broken, random), random)
    content = json.dumps(broken, ensure_ascii=random.random() < 0.5).encode(
        random.choice(("utf-8", "utf-8", "utf-8", "utf-16"))
    )
    return _bytes_broken(content, random) if random.random() < 0.05 else content


def _somewhere(document: dict[str, Any], random: Random) -> Any:
    """A part of a plan to break: most often what one change, or the configuration, says."""
    changes = document.get("resource_changes")
    where = random.random()
    if where < 0.6 and isinstance(changes, list) and changes:
        change = random.choice(changes)
        if isinstance(change, dict) and where < 0.5:
            inner = change.get("change")
            part = random.choice(("after", "after", "after", "after_unknown", "before"))
            if isinstance(inner, dict):
                return next((inner[p] for p in (part, "after", "before") if inner.get(p)), inner)
        return change
    if where < 0.8:
        configuration = document.get("configuration")
        root = configuration.get("root_module") if isinstance(configuration, dict) else None
        if isinstance(root, dict) and isinstance(root.get("resources"), list) and root["resources"]:
            return random.choice([root, *root["resources"]])
    return document


def _break(part: Any, random: Random) -> None:
    """Change one thing in a container or somewhere below it."""
    while True:
        places: list[Any] = _places(part)
        if not places:
            _grow(part, random)
            return
        place = random.choice(places)
        if isinstance(part[place], dict | list) and part[place] and random.random() < 0.7:
            part = part[place]
            continue
        _break_at(part, place, random)
        return


def _places(part: Any) -> list[Any]:
    if isinstance(part, dict):
        return list(part)
    return list(range(len(part))) if isinstance(part, list) else []


def _grow(part: Any, random: Random) -> None:
    if isinstance(part, dict):
        part[random.choice((*_TAGS, *NAMES))] = random.choice(ATOMS)
    elif isinstance(part, list):
        part.append(random.choice(ATOMS))


def _break_at(part: Any, place: Any, random: Random) -> None:
    value = part[place]
    match random.randrange(8):
        case 0:
            del part[place]
        case 1:
            part[place] = random.choice(([value], {"x": value}, [value, value]))
        case 2:
            part[place] = copy.deepcopy(part[random.choice(_places(part))])
        case 3 if isinstance(part, dict):
            part[random.choice((*_TAGS, *NAMES))] = part.pop(place)
        case 3:
            part.append(copy.deepcopy(value))
        case 4 | 5 if isinstance(value, str):
            part[place] = _text_broken(value, random)
        case _:
            part[place] = copy.deepcopy(random.choice(ATOMS))


def _text_broken(text: str, random: Random) -> str:
    """Another text; JSON inside a text is broken as JSON."""
    if text[:1] in {"{", "["}:
        try:
            inner = json.loads(text)
        except (ValueError, RecursionError):
            return random.choice(NAMES)
        _break(inner, random)
        return json.dumps(inner)
    at = random.randint(0, len(text))
    return random.choice(
        (
            text[:at],
            text[:at] + random.choice(NAMES) + text[at:],
            text.upper(),
            random.choice(NAMES),
        )
    )


def _bytes_broken(content: bytes, random: Random) -> bytes:
    at = random.randrange(len(content))
    end = min(len(content), at + random.randint(1, 40))
    match random.randrange(4):
        case 0:
            return content[:at]
        case 1:
            return content[:at] + content[end:]
        case 2:
            return content[:end] + content[at:]
        case _:
            return content[:at] + random.randbytes(end - at) + content[end:]
