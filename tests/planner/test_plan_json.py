"""The normal form of a plan's JSON."""

from __future__ import annotations

import json
from itertools import chain

from policyscan.planner.plan_json import normal_form


def test_what_terraform_prints_in_any_order_is_sorted() -> None:
    def plan(order: int) -> bytes:
        return json.dumps(
            {
                "timestamp": f"2026-01-0{2 + order}T00:00:00Z",
                "relevant_attributes": [{"resource": "b"}, {"resource": "a"}][::order],
                "checks": [{"address": "b"}, {"address": "a", "instances": [2, 1][::order]}][
                    ::order
                ],
                "resource_changes": [
                    {"address": "x", "change": {"replace_paths": [["b"], ["a"]][::order]}}
                ],
                "planned_values": {
                    "root_module": {
                        "child_modules": [
                            {"address": "b"},
                            {"address": "a", "child_modules": [{"address": "d"}, {"address": "c"}]},
                        ][::order]
                    }
                },
                "configuration": {
                    "root_module": {
                        "references": list(chain(*(["b.id", "b"], ["a"], ["b[0]", "b"])[::order]))
                    }
                },
            }
        ).encode()

    assert normal_form(plan(1), "/nowhere") == normal_form(plan(-1), "/nowhere")


def test_order_that_means_something_is_kept() -> None:
    content = json.dumps({"resource_changes": [{"change": {"after": {"list": ["b", "a"]}}}]})
    assert b'"b",\n' in normal_form(content.encode(), "/nowhere")


def test_the_folder_of_the_copy_does_not_show() -> None:
    content = b'{"output": "/some/where/copy/root"}'
    assert normal_form(content, "/some/where/copy") == b'{\n "output": "/configuration/root"\n}\n'


def test_a_reference_stays_before_what_is_derived_from_it_and_users_values_stay() -> None:
    configuration = {
        "references": ["local.x", "aws_vpc.a.id", "aws_vpc.a"],
        "constant_value": {"references": ["b", "a"]},
        "default": {"references": ["b", "a"]},
    }
    content = json.dumps({"configuration": configuration}).encode()
    assert json.loads(normal_form(content, "/nowhere"))["configuration"] == {
        **configuration,
        "references": ["aws_vpc.a.id", "aws_vpc.a", "local.x"],
    }
