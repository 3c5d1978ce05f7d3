"""How two plans are compared: what is a leaf, and what counts as which."""

from __future__ import annotations

from typing import Any

import pytest

from policyscan.planner.schema import Attribute, Block, NestedBlock
from tests.fidelity.leaves import UNKNOWN, Blocks, Category, sensitive_leaves, whole
from tests.fidelity.text import SENSITIVE, created

TEXT = Attribute("string", optional=True)
COMPUTED = Attribute("string", optional=True, computed=True)
NUMBER = Attribute("number", optional=True)


def compare(ours: Block, theirs: Block, mine: Any, other: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for leaf in Blocks(ours, theirs).leaves(mine, other):
        found.setdefault(leaf.category.value, []).append(leaf.path)
    return found


def test_values_and_marks_of_the_unknown_become_one() -> None:
    after = {"a": 1, "b": [{"c": "x"}, {}], "d": None}
    marks = {"b": [{}, {"c": True}], "e": True}
    assert whole(after, marks) == {
        "a": 1,
        "b": [{"c": "x"}, {"c": UNKNOWN}],
        "d": None,
        "e": UNKNOWN,
    }


def test_a_leaf_is_equal_differs_or_stands_in_one_schema_alone() -> None:
    ours = Block({"same": TEXT, "other": TEXT, "newer": TEXT})
    theirs = Block({"same": TEXT, "other": TEXT, "gone": TEXT})
    mine = {"same": UNKNOWN, "other": "x", "newer": None}
    assert compare(ours, theirs, mine, {"same": UNKNOWN, "other": None, "gone": "y"}) == {
        "equal": ["same"],
        "differs": ["other"],
        "newer": ["newer"],
        "gone": ["gone"],
    }


def test_a_difference_of_an_attribute_that_became_computed_is_told_apart() -> None:
    ours, theirs = Block({"name": COMPUTED}), Block({"name": TEXT})
    assert compare(ours, theirs, {"name": UNKNOWN}, {"name": None}) == {"redefined": ["name"]}
    assert compare(ours, theirs, {"name": "x"}, {"name": "x"}) == {"equal": ["name"]}


def test_the_same_value_of_another_type_is_equal() -> None:
    ours, theirs = Block({"size": TEXT}), Block({"size": NUMBER})
    assert compare(ours, theirs, {"size": "5"}, {"size": 5}) == {"equal": ["size"]}
    assert compare(ours, theirs, {"size": "6"}, {"size": 5}) == {"redefined": ["size"]}


@pytest.mark.parametrize(("nesting", "category"), [("set", "equal"), ("list", "differs")])
def test_elements_of_a_set_have_no_order(nesting: Any, category: str) -> None:
    both = Block({}, {"part": NestedBlock(nesting, Block({"name": TEXT, "size": NUMBER}))})
    one, two = {"name": "a", "size": 1}, {"name": "b", "size": 2}
    found = compare(both, both, {"part": [one, two]}, {"part": [two, one]})
    assert set(found) == {category}
    assert len(found[category]) == 4


def test_a_block_left_out_is_no_leaf_unless_the_other_plan_has_one() -> None:
    both = Block({}, {"part": NestedBlock("list", Block({"name": TEXT}))})
    assert compare(both, both, {"part": []}, {"part": []}) == {}
    assert compare(both, both, {"part": UNKNOWN}, {"part": UNKNOWN}) == {"equal": ["part"]}
    assert compare(both, both, {"part": UNKNOWN}, {"part": []}) == {"differs": ["part"]}
    assert compare(both, both, {"part": [{"name": "a"}]}, {"part": []}) == {"differs": ["part"]}


def test_an_attribute_of_objects_is_compared_like_a_block() -> None:
    ours = Block({"route": Attribute(["set", ["object", {"to": "string", "newer": "string"}]])})
    theirs = Block({"route": Attribute(["set", ["object", {"to": "string"}]])})
    assert compare(
        ours, theirs, {"route": [{"to": "a", "newer": ""}]}, {"route": [{"to": "a"}]}
    ) == {
        "equal": ["route.to"],
        "newer": ["route.newer"],
    }


def test_what_is_hidden_is_compared_where_both_schemas_have_it() -> None:
    blocks = Blocks(Block({"a": TEXT, "b": TEXT, "newer": TEXT}), Block({"a": TEXT, "b": TEXT}))
    found = sensitive_leaves(blocks, {"a": True, "newer": True}, {"a": True, "b": True})
    assert [(leaf.path, leaf.category) for leaf in found] == [
        ("a (sensitive)", Category.EQUAL),
        ("b (sensitive)", Category.DIFFERS),
    ]


def test_a_plan_for_people_is_read() -> None:
    text = """
  # module.a.aws_thing.this["x"] will be created
  + resource "aws_thing" "this" {
      + id     = (known after apply)
      + names  = [
          + "a",
          + "b",
        ]
      + policy = jsonencode(
            {
              + Statement = [
                  + {
                      + Effect = "Allow"
                    },
                ]
            }
        )
      + secret = (sensitive value)
      + tags   = {
          + "Name" = "a \\"b\\""
        }

      + part {
          + size = 1.5
            # (1 unchanged attribute hidden)
        }

      + unknown (known after apply)
    }

Plan: 1 to add, 0 to change, 0 to destroy.
"""
    assert created(text) == {
        'module.a.aws_thing.this["x"]': {
            "type": "aws_thing",
            "values": {
                "id": UNKNOWN,
                "names": ["a", "b"],
                "policy": {"Statement": [{"Effect": "Allow"}]},
                "secret": SENSITIVE,
                "tags": {"Name": 'a "b"'},
                "part": [{"size": 1.5}],
                "unknown": UNKNOWN,
            },
        }
    }
