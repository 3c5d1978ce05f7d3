"""The plugin SDK's rules, one by one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from policyscan.planner.change import Completion, Versions, as_sdk_holds, replaced_by
from policyscan.planner.normalise import container_definitions, iam_policy, json_document
from policyscan.planner.schema import Attribute, Block, NestedBlock, TypeHints
from policyscan.planner.wire import UNKNOWN, decode, encode, is_unknown, is_wholly_known

INNER = Block(
    attributes={
        "name": Attribute(type="string", optional=True),
        "size": Attribute(type="number", optional=True),
        "made": Attribute(type="string", optional=True, computed=True),
    }
)


def block(nesting: Any) -> Block:
    return Block(block_types={"part": NestedBlock(nesting=nesting, block=INNER)})


def completed(
    schema: Block, config: Any, proposed: Any = None, prior: Any = None, hints: Any = None
) -> Any:
    completion = Completion(
        hints=hints or TypeHints(source="test"), is_sdk=True, compute=lambda _path, _kind: UNKNOWN
    )
    return completion.block(schema, Versions(config, proposed or config, prior))


def test_inside_a_set_block_a_string_left_out_is_empty_but_a_number_is_null() -> None:
    config = {"part": [{"name": None, "size": None, "made": "x"}]}
    assert completed(block("set"), config) == {"part": [{"name": "", "size": None, "made": "x"}]}
    assert completed(block("list"), config) == config


def test_a_default_stands_in_for_what_is_left_out() -> None:
    hints = TypeHints(source="test", defaults={"part.size": 7})
    config = {"part": [{"name": "a", "size": None, "made": None}]}
    assert completed(block("list"), config, hints=hints) == {
        "part": [{"name": "a", "size": 7, "made": UNKNOWN}]
    }


def test_computed_attributes_of_a_list_keep_their_values_and_new_elements_are_unknown() -> None:
    prior = {"part": [{"name": "a", "size": None, "made": "kept"}]}
    config = {"part": [{"name": name, "size": None, "made": None} for name in "ab"]}
    proposed = {"part": [prior["part"][0], config["part"][1]]}
    planned = completed(block("list"), config, proposed, prior)
    assert [element["made"] for element in planned["part"]] == ["kept", UNKNOWN]


def test_an_element_of_a_set_is_its_prior_one_though_what_was_left_out_is_empty_there() -> None:
    prior = {"part": [{"name": "", "size": 7, "made": "kept"}]}
    config = {"part": [{"name": None, "size": 7, "made": None}]}
    assert completed(block("set"), config, config, prior) == prior
    config["part"][0]["size"] = 8
    assert completed(block("set"), config, config, prior)["part"][0]["made"] is UNKNOWN


def test_what_is_empty_or_filled_in_where_nothing_is_configured_is_no_change() -> None:
    nothing: dict[str, Any] = {"part": []}
    for usual in ({"name": "", "size": 0, "made": "x"}, {"name": "A", "size": None, "made": ""}):
        hints = TypeHints(source="test", unset={"part.name": "A", "part.made": "x"})
        assert completed(block("list"), nothing, nothing, {"part": [usual]}, hints) == {
            "part": [usual]
        }
    real = {"part": [{"name": "b", "size": None, "made": ""}]}
    assert completed(block("list"), nothing, nothing, real) == nothing


def test_an_element_of_a_set_keeps_computed_values_only_when_nothing_else_changed() -> None:
    prior = {"part": [{"name": "a", "size": None, "made": "kept"}]}
    config = {"part": [{"name": name, "size": None, "made": None} for name in "ba"]}
    proposed = {"part": [prior["part"][0], config["part"][0]]}
    planned = completed(block("set"), config, proposed, prior)
    assert [(each["name"], each["made"]) for each in planned["part"]] == [
        ("a", "kept"),
        ("b", UNKNOWN),
    ]


def test_an_element_of_a_set_is_found_again_though_zero_values_stand_in_it() -> None:
    prior = {"part": [{"name": "", "size": 7, "made": None}]}
    config = {"part": [{"name": None, "size": None, "made": None}]}
    hints = TypeHints(source="test", defaults={"part.size": 7})

    assert completed(block("set"), config, config, prior, hints) == prior
    pending = {"part": [{"name": UNKNOWN, "size": None, "made": None}]}
    assert completed(block("set"), pending, pending, prior, hints)["part"][0]["name"] == UNKNOWN
    other = {"part": [{"name": "b", "size": 7, "made": None}]}
    assert completed(block("set"), config, config, other, hints)["part"][0]["made"] == UNKNOWN


def test_a_write_only_argument_is_null_in_a_plan() -> None:
    schema = Block(attributes={"key": Attribute(type="string", optional=True, write_only=True)})

    assert completed(schema, {"key": "secret"}) == {"key": None}


def test_a_computed_block_left_out_is_unknown_on_create_and_kept_on_update() -> None:
    hints = TypeHints(source="test", computed_blocks=("part",))
    empty: dict[str, Any] = {"part": []}
    prior = {"part": [{"name": "a", "size": 1, "made": "x"}]}
    assert completed(block("list"), empty, hints=hints) == {"part": UNKNOWN}
    assert completed(block("list"), empty, empty, prior, hints) == prior
    assert completed(block("list"), empty) == empty


def test_a_dynamic_block_over_something_unknown_stays_unknown() -> None:
    assert completed(block("list"), {"part": UNKNOWN}) == {"part": UNKNOWN}


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (["set", "string"], ["a", UNKNOWN], UNKNOWN),
        (["list", "string"], ["a", UNKNOWN], ["a", UNKNOWN]),
        (["map", "string"], {"a": UNKNOWN}, UNKNOWN),
        (["map", "string"], {"a": "b"}, {"a": "b"}),
        (
            [
                "set",
                ["object", {"a": "string", "b": "number", "c": "bool", "d": ["set", "string"]}],
            ],
            [{"a": None, "b": None, "c": None, "d": ["x", UNKNOWN]}],
            [{"a": "", "b": 0, "c": False, "d": UNKNOWN}],
        ),
    ],
)
def test_values_are_what_the_sdk_can_hold(kind: Any, value: Any, expected: Any) -> None:
    assert as_sdk_holds(value, kind) == expected


def test_only_a_change_of_a_force_new_path_replaces() -> None:
    schema = Block(
        attributes={
            "fixed": Attribute(type="string", optional=True),
            "free": Attribute(type="string", optional=True),
        },
        block_types={
            "list": NestedBlock(nesting="list", block=INNER),
            "set": NestedBlock(nesting="set", block=INNER),
        },
    )
    hints = TypeHints(source="test", force_new=("fixed", "list.name", "set.name"))
    part = {"name": "a", "size": 1, "made": "x"}
    prior = {"fixed": "1", "free": "1", "list": [part], "set": [part]}

    def paths(**changed: Any) -> list[tuple[str | int, ...]]:
        return replaced_by(schema, hints, prior, prior | changed)

    assert paths(free="2") == []
    assert paths(fixed="2") == [("fixed",)]
    assert paths(fixed=UNKNOWN) == [("fixed",)]
    assert paths(list=[part | {"size": 2}], set=[part | {"size": 2}]) == []
    assert paths(list=[part | {"name": "b"}]) == [("list", 0, "name")]
    assert paths(list=[]) == [("list",)]
    assert paths(set=[part | {"name": "b"}]) == [("set",)]


def test_unknowns_survive_the_wire() -> None:
    value = {"a": [1, UNKNOWN, None], "b": "é"}
    assert decode(encode(value)) == value
    assert is_unknown(decode(encode(UNKNOWN)))
    assert not is_wholly_known(value)
    assert is_wholly_known({"a": [1, None]})
    assert decode(b"") is None


def test_documents_are_written_as_the_provider_writes_them() -> None:
    policy = {"Statement": [{"Sid": "<a>", "Effect": "Allow"}], "Version": "2012-10-17"}
    assert json_document('{ "b": 1, "a": [2.5] }') == '{"a":[2.5],"b":1}'
    assert iam_policy(json.dumps(policy)) == (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Sid":"\\u003ca\\u003e"}]}'
    )
    assert (
        container_definitions(
            '[{"name": "a", "cpu": 0, "user": null, "secrets": [{"name": "B"}, {"name": "A"}]}]'
        )
        == '[{"name":"a","secrets":[{"name":"A"},{"name":"B"}]}]'
    )
    assert [form("no {json") for form in (json_document, iam_policy, container_definitions)] == [
        "no {json"
    ] * 3


def test_a_force_new_block_replaces_when_it_comes_or_goes() -> None:
    schema = Block(
        block_types={
            "list": NestedBlock(nesting="list", block=INNER),
            "set": NestedBlock(nesting="set", block=INNER),
        }
    )
    hints = TypeHints(source="test", force_new=("list", "set"))
    part = {"name": "a", "size": 1, "made": "x"}
    prior = {"list": [part], "set": [part]}

    def paths(**changed: Any) -> list[tuple[str | int, ...]]:
        return replaced_by(schema, hints, prior, prior | changed)

    assert paths() == []
    assert paths(list=[part | {"name": "b"}]) == []
    assert paths(list=[]) == [("list",)]
    assert paths(list=[part, part]) == [("list",)]
    assert paths(set=[part | {"name": "b"}]) == [("set",)]
