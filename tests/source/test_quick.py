"""`quick` makes the tree that python-hcl2 makes, or none at all."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import hcl2
import pytest
from lark.exceptions import LarkError

from policyscan.source.quick import quick
from policyscan.source.scan import headers, mask
from policyscan.source.syntax import branches
from policyscan.source.text import read_text

PIECE = re.compile(r'[a-zA-Z_][\w-]*|\d+|"_*"|\n[ \t]*|==|=>|&&|\|\||\.\.\.|\[\*\]|\S| +')
OTHERS = (
    *("-1", "-10", "-1.5", "1e5", "0", "5", "for", "in", "if", "for_each", "else", "true", "null"),
    *("?", ":", "::", "[*]", ".*", ".", "...", "=>", "=", "==", "\n", ",", "(", ")", "[", "]"),
    *("{", "}", '"__"', "x", "-", "!", "a.b", "a.0", "&&", "||", "<", "%", " "),
)
MUTANTS = 1_500


@cache
def blocks() -> tuple[str, ...]:
    """Masked blocks of the reference platform and of what the graph is tested with."""
    files = sorted((*Path("infra").rglob("*.tf"), *Path("fixtures/graph").rglob("*.tf")))
    found = (header for file in files for header in headers(read_text("", str(file), file)))
    return tuple(sorted({mask(header.text) for header in found}))


def shown(node: Any, masked: str, depth: int = 0) -> Iterator[tuple[object, ...]]:
    """A tree as a list: names of nodes and where they stand, without line ends at their ends."""
    below = branches(node) if node.data != "string" else []
    if node.data in {"body", "arguments", "for_intro", "for_cond"}:
        yield depth, str(node.data)  # nobody asks where these stand
    else:
        start, end = node.meta.start_pos, node.meta.end_pos
        yield depth, str(node.data), start, start + len(masked[start:end].rstrip())
    for child in below:
        yield from shown(child, masked, depth + 1)


def by_hcl2(masked: str) -> list[tuple[object, ...]] | None:
    try:
        tree = hcl2.parses_to_tree(masked)
    except LarkError:
        return None
    return list(shown(branches(tree)[0], masked))


def test_nearly_every_block_is_read_and_as_python_hcl2_reads_it() -> None:
    unread = 0
    for masked in blocks():
        body = quick(masked)
        unread += body is None
        assert body is None or list(shown(body, masked)) == by_hcl2(masked)
    assert len(blocks()) > 200
    assert unread <= 2


def test_a_broken_block_is_left_to_python_hcl2_or_read_alike() -> None:
    chance = random.Random(7)  # noqa: S311 - the same mutants in each run
    read = 0
    for _ in range(MUTANTS):
        pieces = PIECE.findall(chance.choice(blocks())[:600])
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(pieces))
            pieces[at : at + chance.randint(0, 1)] = chance.choice([[], [chance.choice(OTHERS)]])
            if not pieces:
                pieces = ["x"]
        masked = "".join(pieces)
        if (body := quick(masked)) is not None:
            read += 1
            assert list(shown(body, masked)) == by_hcl2(masked), masked
    assert read > MUTANTS / 20


@pytest.mark.parametrize(
    "value",
    [
        "a.0.id",
        "-10",
        "5-10",
        "a\n+ b",
        "a ? b\n? c : d : e",
        "provider::x::f(1)",
        "!!a",
        "x[*",
        "",
    ],
)
def test_what_is_rare_or_wrong_is_left_to_python_hcl2(value: str) -> None:
    assert quick(f"a {{\n  b = {value}\n}}") is None


def test_what_is_nested_too_deep_is_left_to_python_hcl2() -> None:
    assert quick(f"a = {'(' * 5_000}1{')' * 5_000}") is None
