"""What `terraform graph` prints, for `--graph FILE`: dependencies of a plan without its source."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policyscan.plan.address import Subject, module_text, parse_module, parse_reference

_EDGE = re.compile(r'^\s*"((?:[^"\\]|\\.)*)"\s*->\s*"((?:[^"\\]|\\.)*)"', re.MULTILINE)
_DRESS = re.compile(r"^\[root\] | \((?:expand|close|orphan|destroy|[^()]*)\)$")
"""What the graphs of single operations put around an address."""


def read_dot(text: str) -> tuple[tuple[str, str], ...]:
    """Pairs (resource block, resource block it depends on) of a graph, sorted.

    Addresses are those of blocks: no keys, module call names only. Nodes between resources, which
    `terraform graph -type=plan` prints, are walked through. Text that is no graph has no pairs.
    Example: `"aws_subnet.s" -> "aws_vpc.v";` gives `("aws_subnet.s", "aws_vpc.v")`.
    """
    onward: dict[str, dict[str, None]] = {}
    for source, target in _EDGE.findall(text):
        onward.setdefault(_address(source), {})[_address(target)] = None
    found = {
        (source, target)
        for source in onward
        if is_block(source)
        for target in _blocks_behind(source, onward)
    }
    return tuple(sorted(pair for pair in found if pair[0] != pair[1]))


def is_block(address: str) -> bool:
    """Whether an address without keys names a resource or data block."""
    tail = address.removeprefix(module_text(parse_module(address))).removeprefix(".")
    reference = parse_reference(tail)
    is_resource = reference.subject is Subject.RESOURCE and not reference.attribute
    return is_resource and not tail.startswith(("provider", "output.", "check."))


def _blocks_behind(source: str, onward: dict[str, dict[str, None]]) -> Iterator[str]:
    seen = {source}
    todo = [source]
    while todo:
        for target in onward.get(todo.pop(), ()):
            if target not in seen:
                seen.add(target)
                if is_block(target):
                    yield target
                else:
                    todo.append(target)


def _address(node: str) -> str:
    return _DRESS.sub("", node.replace('\\"', '"'))
