"""The strategy of a simulated apply."""

from __future__ import annotations

from typing import Any

from policyscan.planner.applied import Applied
from policyscan.planner.schema import Attribute, Block, NestedBlock, TypeHints
from policyscan.planner.strategy import Change
from policyscan.planner.wire import UNKNOWN

PART = Block(
    attributes={
        "mode": Attribute(type="string", required=True),
        "made": Attribute(type="string", computed=True),
    }
)
SCHEMA = Block(
    attributes={
        "id": Attribute(type="string", computed=True),
        "arn": Attribute(type="string", computed=True),
        "text": Attribute(type="string", optional=True, computed=True),
        "names": Attribute(type=["list", "string"], computed=True),
        "labels": Attribute(type=["map", "string"], computed=True),
    },
    block_types={"part": NestedBlock(nesting="list", block=PART)},
)
UNSETTLED: dict[str, Any] = dict.fromkeys([*SCHEMA.attributes, "part"], UNKNOWN)


def settled(planned: dict[str, Any] | None, **applied: Any) -> Any:
    change = Change(
        resource_type="aws_thing",
        block=SCHEMA,
        hints=TypeHints(source="test", applied=applied),
        prior=None,
        planned=planned,
        region="eu-west-1",
    )
    return Applied(lambda kind: f"{kind}.here").apply(change)


def test_what_no_template_names_is_null_or_empty() -> None:
    assert settled(UNSETTLED) == {
        "id": None,
        "arn": None,
        "text": None,
        "names": [],
        "labels": {},
        "part": [],
    }


def test_templates_build_on_each_other_and_on_the_region() -> None:
    found = settled(UNSETTLED, id="t-{hex4}", arn="arn:aws:x:{region}:{account}:t/{id}")
    assert found["arn"] == f"arn:aws:x:eu-west-1:123456789012:t/{found['id']}"
    assert settled(UNSETTLED, id="t-{hex4}")["id"] == found["id"]


def test_known_values_stay_and_unknown_ones_inside_blocks_are_settled() -> None:
    planned = UNSETTLED | {"text": "mine", "part": [{"mode": "a", "made": UNKNOWN}]}
    found = settled(planned, **{"part.made": "x", "text": "never"})
    assert (found["text"], found["part"]) == ("mine", [{"mode": "a", "made": "x"}])


def test_a_block_nobody_configured_is_filled_only_when_all_it_requires_is_known() -> None:
    assert settled(UNSETTLED, **{"part.made": "x"})["part"] == []
    assert settled(UNSETTLED, **{"part.made": "x", "part.mode": "b"})["part"] == [
        {"mode": "b", "made": "x"}
    ]


def test_a_destroyed_resource_leaves_nothing() -> None:
    assert settled(None) is None
