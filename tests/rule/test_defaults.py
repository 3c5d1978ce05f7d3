"""What attributes come to that nobody set."""

from __future__ import annotations

from typing import Any

import pytest

from policyscan.plan import ABSENT, Known, Unknown, Value
from policyscan.rule import effective
from tests.plans import block, change, plan_of, references

GROUP = "aws_lb_target_group.g"


@pytest.mark.parametrize(
    ("path", "after", "expected"),
    [
        ("target_type", {"target_type": "ip"}, Known("ip")),
        ("target_type", {}, Known("instance")),
        ("health_check[0].interval", {}, Known(30)),
        ("health_check[0].interval", {"health_check": [{"interval": 10}]}, Known(10)),
        ("name", {}, ABSENT),
        ("no_such_attribute", {}, ABSENT),
    ],
)
def test_an_absent_attribute_has_the_value_the_table_gives_it(
    path: str, after: dict[str, Any], expected: Value
) -> None:
    [group] = plan_of([change(GROUP, after=after)], {"resources": [block(GROUP)]}).resources
    assert effective(group, path) == expected


def test_what_only_apply_will_tell_has_no_default() -> None:
    written = {"target_type": references("terraform_data.kind.output")}
    changes = [change(GROUP, unknown={"target_type": True}), change("terraform_data.kind")]
    blocks = [block(GROUP, written), block("terraform_data.kind")]
    group = plan_of(changes, {"resources": blocks}).resources[0]
    assert isinstance(effective(group, "target_type"), Unknown)
