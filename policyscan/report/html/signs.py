"""How what a plan does is drawn: a shape and a sign of its own for each, so that colour repeats."""

from __future__ import annotations

from typing import Final

_MADE_UP: Final = ", made up"
_CHANGES: Final = {
    "create": ("+", "M10 0a10 10 0 1 1 0 20a10 10 0 1 1 0-20z"),
    "update": ("~", "M10-1l11 11-11 11L-1 10z"),
    "replace": ("\u00b1", "M5 0h10l6 10-6 10H5L-1 10z"),
    "destroy": ("\u2212", "M1 1h18v18H1z"),
    "read": ("\u2193", "M10 20L-1 2h22z"),
    "forget": (".", "M2 4h16v12H2z"),
    "no change": ("=", "M2 4h16v12H2z"),
}
SIGNS: Final = _CHANGES | {
    f"{word}{_MADE_UP}": ("?", outline) for word, (_, outline) in _CHANGES.items()
}
"""The words of `Node.word`, each with its sign and an outline 20 pixels wide."""


def tone_of(word: str) -> str:
    """What style and script call it."""
    change = word.removesuffix(_MADE_UP)
    return change if change in SIGNS and change not in {"forget", "no change"} else "other"
