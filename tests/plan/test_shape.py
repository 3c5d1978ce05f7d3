"""A plan of a shape Terraform never wrote is refused in one line that names the place."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from policyscan.errors import PlanError
from policyscan.plan import read_plan
from tests.plans import block, change, constant, document, references


def plan() -> dict[str, Any]:
    """A plan with everything that is read."""
    return document(
        [
            change("aws_vpc.v", after={"cidr_block": "10.0.0.0/16"}),
            change('module.m["a"].aws_subnet.s[0]', after={"vpc_id": None}),
            change("data.aws_region.r", actions=("read",), after={"name": "x"}),
        ],
        {
            "resources": [
                block("aws_vpc.v", {"cidr_block": constant("10.0.0.0/16"), "tag": [{"k": {}}]})
            ],
            "variables": {"v": {"default": 1, "sensitive": True}},
            "outputs": {"o": {"expression": references("aws_vpc.v.id"), "depends_on": ["x.y"]}},
            "module_calls": {
                "m": {
                    "source": "./m",
                    "for_each_expression": references("var.v"),
                    "expressions": {"vpc": references("aws_vpc.v.id")},
                    "module": {"resources": [block("aws_subnet.s", count_expression=constant(1))]},
                }
            },
        },
        variables={"v": {"value": 2}},
        output_changes={"o": {"actions": ["create"]}},
        relevant_attributes=[{"resource": "aws_vpc.v", "attribute": ["id", 0]}],
        checks=[{"address": {"to_display": "check.c"}, "status": "pass"}],
        planned_values={"root_module": {}},
        prior_state={
            "values": {
                "root_module": {
                    "resources": [
                        {"address": "aws_eip.e", "type": "aws_eip", "name": "e", "values": {}}
                    ],
                    "child_modules": [{"address": "module.m", "resources": []}],
                }
            }
        },
        complete=True,
        errored=False,
    )


def parts(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every part of a value."""
    found = [path] if path else []
    if isinstance(value, dict | list):
        places = value.items() if isinstance(value, dict) else enumerate(value)
        for place, inner in places:
            found += parts(inner, (*path, place))
    return found


def replaced(path: tuple[Any, ...], value: Any) -> bytes:
    broken = copy.deepcopy(plan())
    parent = broken
    for step in path[:-1]:
        parent = parent[step]
    parent[path[-1]] = value
    return json.dumps(broken).encode()


def refusal(content: bytes) -> str:
    with pytest.raises(PlanError) as refused:
        read_plan(content, "plan.json")
    message = str(refused.value)
    assert len(message.splitlines()) == 1
    assert message.startswith("plan.json: ")
    return message.removeprefix("plan.json: ")


def test_the_plan_with_everything_is_read() -> None:
    assert len(read_plan(json.dumps(plan()).encode(), "plan.json").resources) == 4


CHANGE = "resource_changes[0]"
PRIOR = "prior_state.values.root_module"
ROOT = "configuration.root_module"


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("resource_changes",), {}, "resource_changes is an object, not a list"),
        (("resource_changes", 0), [], f"{CHANGE} is a list, not an object"),
        (("resource_changes", 0, "address"), 7, f"{CHANGE}.address is a number, not a string"),
        (("resource_changes", 0, "address"), None, f"{CHANGE}.address is null"),
        (
            ("resource_changes", 0, "address"),
            "aws_vpc.w",
            f"{CHANGE}.address is another than its type, name and index say",
        ),
        (("resource_changes", 0, "index"), 0, f"{CHANGE}.address is another than its type"),
        (("resource_changes", 0, "module_address"), "module.x", f"{CHANGE}.address is another"),
        (("resource_changes", 1, "index"), None, "resource_changes[1].address is another than"),
        (("resource_changes", 1, "index"), "0", "resource_changes[1].address is another than"),
        (("resource_changes", 1, "index"), True, "resource_changes[1].index is true or false, nei"),
        (("resource_changes", 1, "index"), 0.5, "resource_changes[1].index is a number, neither"),
        (("resource_changes", 1, "index"), {}, "resource_changes[1].index is an object, neither"),
        (("resource_changes", 0, "mode"), "x", f"{CHANGE}.mode is none of managed, data"),
        (("resource_changes", 0, "change"), None, f"{CHANGE}.change is null"),
        (("resource_changes", 0, "change", "actions"), [], f"{CHANGE}.change.actions is empty"),
        (("resource_changes", 0, "change", "actions"), "create", f"{CHANGE}.change.actions is a s"),
        (("resource_changes", 0, "change", "actions", 0), "x", f"{CHANGE}.change.actions[0] is no"),
        (("resource_changes", 0, "change", "after"), [], f"{CHANGE}.change.after is a list, not"),
        (("resource_changes", 0, "change", "after_unknown"), {"a": ["yes"]}, f"{CHANGE}.change.af"),
        (("resource_changes", 0, "change", "after_sensitive"), 1, f"{CHANGE}.change.after_sensit"),
        (("resource_changes", 0, "change", "replace_paths"), [["a", None]], f"{CHANGE}.change.rep"),
        (("resource_changes", 0, "change", "replace_paths"), ["a"], f"{CHANGE}.change.replace_pa"),
        (
            ("resource_changes", 0, "address"),
            "a" * 70_000,
            f"{CHANGE}.address is longer than 65536",
        ),
        (("errored",), "true", "errored is a string, not true or false"),
        (("complete",), 0, "complete is a number, not true or false"),
        (("configuration",), [], "configuration is a list, not an object"),
        (("configuration", "root_module", "module_calls"), [], f"{ROOT}.module_calls is a list"),
        (
            ("configuration", "root_module", "module_calls", "m"),
            None,
            f"{ROOT}.module_calls.m is n",
        ),
        (
            ("configuration", "root_module", "module_calls", "m", "module"),
            [],
            f"{ROOT}.module_calls.m.module is a list, not an object",
        ),
        (("configuration", "root_module", "outputs", "o"), None, f"{ROOT}.outputs.o is null"),
        (
            ("configuration", "root_module", "outputs", "o", "expression", "references"),
            [1],
            f"{ROOT}.outputs.o.expression.references[0] is a number, not a string",
        ),
        (("configuration", "root_module", "variables", "v"), 1, f"{ROOT}.variables.v is a number"),
        (
            ("configuration", "root_module", "variables", "v", "sensitive"),
            "yes",
            f"{ROOT}.variables.v.sensitive is a string, not true or false",
        ),
        (
            ("configuration", "root_module", "resources", 0, "expressions", "cidr_block"),
            {"references": ["a", 1]},
            f"{ROOT}.resources[0].expressions.cidr_block.references[1] is a number",
        ),
        (
            ("configuration", "root_module", "resources", 0, "expressions", "tag", 0),
            "x",
            f"{ROOT}.resources[0].expressions.tag[0] is a string, not an object",
        ),
        (("relevant_attributes", 0, "resource"), None, "relevant_attributes[0].resource is null"),
        (
            ("relevant_attributes", 0, "attribute"),
            [{}],
            "relevant_attributes[0].attribute[0] is an",
        ),
        (("checks", 0, "address"), "x", "checks[0].address is a string, not an object"),
        (("checks", 0, "status"), "bad", "checks[0].status is none of pass, fail, error, unknown"),
        (("variables", "v"), None, "variables.v is null, not an object"),
        (("output_changes", "o", "actions"), None, "output_changes.o.actions is null"),
        (("prior_state", "values"), [], "prior_state.values is a list, not an object"),
        (
            ("prior_state", "values", "root_module", "resources", 0, "type"),
            "aws_vpc",
            f"{PRIOR}.resources[0].address is another than its type",
        ),
        (
            ("prior_state", "values", "root_module", "child_modules", 0),
            None,
            f"{PRIOR}.child_modules[0] is null, not an object",
        ),
    ],
)
def test_a_part_of_a_wrong_shape_is_refused_naming_its_place(
    path: tuple[Any, ...], value: Any, said: str
) -> None:
    message = refusal(replaced(path, value))
    assert message[: len(said)] == said
    assert message.endswith("make it again with `terraform show -json`")


GARBAGE: tuple[Any, ...] = (None, True, 0, -1.5, "", "x", [], {}, [None], {"": None}, [[]], [{}])


@pytest.mark.parametrize("path", parts(plan()), ids=lambda path: ".".join(map(str, path)))
def test_whatever_stands_in_a_part_the_plan_is_read_or_refused(path: tuple[Any, ...]) -> None:
    for value in GARBAGE:
        content = replaced(path, value)
        try:
            read_plan(content, "plan.json")
        except PlanError:
            refusal(content)


def test_an_address_given_twice_is_refused() -> None:
    twice = document([change("aws_vpc.v"), change("aws_eip.e"), change("aws_vpc.v")])
    message = refusal(json.dumps(twice).encode())
    assert message.startswith("resource_changes[2] is there twice: an earlier entry has its addre")


def test_a_deposed_object_stands_beside_the_instance_of_its_address() -> None:
    both = document(
        [change("aws_vpc.v"), change("aws_vpc.v", actions=("delete",), deposed="0a1b2c3d")]
    )
    found = read_plan(json.dumps(both).encode(), "plan.json").resources
    assert [(each.address, each.deposed) for each in found] == [
        ("aws_vpc.v", ""),
        ("aws_vpc.v", "0a1b2c3d"),
    ]


def test_resources_of_a_state_of_terraform_0_12_get_their_module_and_key() -> None:
    inside = {"address": "aws_eip.e", "type": "aws_eip", "name": "e", "mode": "managed"}
    old = document(
        [
            change(f"module.m.aws_eip.e[{number}]", actions=("no-op",), before={}, after={})
            for number in range(2)
        ],
        prior_state={
            "values": {
                "root_module": {
                    "child_modules": [
                        {
                            "address": "module.m",
                            "resources": [{**inside, "index": number} for number in range(2)],
                        }
                    ]
                }
            }
        },
    )
    found = read_plan(json.dumps(old).encode(), "plan.json").resources
    assert [each.address for each in found] == ["module.m.aws_eip.e[0]", "module.m.aws_eip.e[1]"]


def test_an_empty_list_of_changes_does_not_hide_what_is_planned() -> None:
    planned = {"address": "aws_vpc.v", "type": "aws_vpc", "name": "v", "values": {}}
    found = read_plan(
        json.dumps(document([], planned_values={"root_module": {"resources": [planned]}})).encode(),
        "plan.json",
    )
    assert [each.address for each in found.resources] == ["aws_vpc.v"]
