"""What a configuration reads of its data sources, as its text has it."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

WHOLE: Final = ""
"""Stands for every attribute."""
_MENTION: Final = re.compile(
    r"\bdata\.(?P<type>\w+)\.(?P<name>[\w-]+)(?:\[[^\[\]]*\]|\.\*)*(?:\.(?P<attribute>[a-z_]\w*))?"
)


def mentions(texts: Iterable[str]) -> Mapping[tuple[str, str], frozenset[str]]:
    """(type, name) -> the attributes that are named somewhere, in whatever module.

    Where one is named without an attribute, for a loop or an output, `WHOLE` is among them.
    Example: `data.aws_subnets.all.ids` gives ("aws_subnets", "all") -> {"ids"}.
    """
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for text in texts:
        for each in _MENTION.finditer(text):
            found[each["type"], each["name"]].add(each["attribute"] or WHOLE)
    return {each: frozenset(found[each]) for each in sorted(found)}
