"""Which of several blocks an argument stands in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from policyscan.graph import Confidence, Resolution
from policyscan.rule.blocks import resolve_member
from policyscan.source import Source, read_source
from tests.rule.platforms import Made, Refs, made, platform_of, resource_of

KIND = "aws_security_group"
OTHERS = (
    made("aws_vpc.v", id=Refs()),
    *(made(f"{KIND}.{name}", id=Refs()) for name in "ab"),
)
A, B = Refs(f"{KIND}.a.id"), Refs(f"{KIND}.b.id")


def rule(port: Any, *groups: Any, **more: Any) -> dict[str, Any]:
    return {"from_port": port, "to_port": port, "security_groups": list(groups), **more}


def member(entry: Made, index: int, source: Source | None = None) -> Resolution:
    platform = platform_of(*OTHERS, entry, source=source)
    resource = resource_of(platform, f"{KIND}.g")
    path = f"ingress[{index}].security_groups"
    return resolve_member(platform.graph, resource, path, [KIND])


def group(*rules: dict[str, Any]) -> Made:
    return made(f"{KIND}.g", id=Refs(), ingress=list(rules))


def ends(found: Resolution) -> dict[str, bool]:
    """The groups it may lead to, each with whether it surely does."""
    return {
        target.address[-1]: target.confidence is not Confidence.AMBIGUOUS
        for target in found.targets
    }


@pytest.mark.parametrize(
    ("rules", "first", "second"),
    [
        # Their ports tell them apart.
        ((rule(80, A), rule(443, B)), {"a": True}, {"b": True}),
        # Nothing does.
        (
            (rule(80, A), rule(80, B)),
            {"a": False, "b": False},
            {"a": False, "b": False},
        ),
        # Both name the same.
        ((rule(80, A), rule(80, A)), {"a": True}, {"a": True}),
        # A reference to something else of another type is none to a group.
        (
            (rule(80, A, Refs("aws_vpc.v.id")), rule(443, B)),
            {"a": True},
            {"b": True},
        ),
        # One alone is open, and all there is to know is its own.
        ((rule(80, A), rule(80, "sg-0123456789abcdef0")), {"a": True}, {}),
        # Two blocks with other ports and one that names no group.
        ((rule(80, A), rule(443, B), {"from_port": 22, "to_port": 22}), {"a": True}, {"b": True}),
    ],
)
def test_constants_beside_an_argument_tell_its_block(
    rules: tuple[dict[str, Any], ...], first: dict[str, bool], second: dict[str, bool]
) -> None:
    assert ends(member(group(*rules), 0)) == first
    assert ends(member(group(*rules), 1)) == second


def test_one_block_has_what_all_have() -> None:
    assert ends(member(group(rule(80, A, B)), 0)) == {"a": True, "b": True}


def written(folder: Path, *blocks: str) -> Source:
    body = "\n".join(blocks)
    (folder / "main.tf").write_text(f'resource "{KIND}" "g" {{\n{body}\n}}\n')
    return read_source(folder)


def unfolded() -> Made:
    """A group whose blocks the plan gives as one argument, as it does with `dynamic`."""
    entry = group(rule(80, A), rule(443, B))
    names = [f"{KIND}.{name}.id" for name in "ab"]
    entry.block["expressions"]["ingress"] = {"references": [*names, f"{KIND}.a", f"{KIND}.b"]}
    return entry


def block(port: str, *groups: str) -> str:
    named = f"    security_groups = [{', '.join(groups)}]\n" if groups else ""
    return f"  ingress {{\n    from_port = {port}\n{named}  }}\n"


def test_the_source_tells_blocks_that_the_plan_does_not(tmp_path: Path) -> None:
    source = written(tmp_path, block("80", f"{KIND}.a.id"), block("443", f"{KIND}.b.id"))
    assert ends(member(unfolded(), 0, source)) == {"a": True}
    assert ends(member(unfolded(), 1, source)) == {"b": True}
    assert ends(member(unfolded(), 0)) == {"a": False, "b": False}


def test_a_dynamic_block_tells_nothing_of_each(tmp_path: Path) -> None:
    dynamic = (
        '  dynamic "ingress" {\n    for_each = var.rules\n    content {\n'
        "      from_port = 80\n    }\n  }\n"
    )
    source = written(tmp_path, block("80", f"{KIND}.a.id"), dynamic)
    assert ends(member(unfolded(), 0, source)) == {"a": False, "b": False}


def test_a_block_of_the_source_without_the_argument_is_another(tmp_path: Path) -> None:
    source = written(
        tmp_path, block("22"), block("80", f"{KIND}.a.id"), block("var.port", f"{KIND}.b.id")
    )
    assert ends(member(unfolded(), 0, source)) == {"a": False, "b": False}
    assert ends(member(unfolded(), 1, source)) == {"b": True}
