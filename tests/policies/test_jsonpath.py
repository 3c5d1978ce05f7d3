"""JSONPaths are read as Checkov reads them, and find what it finds."""

from __future__ import annotations

import pytest

from policyscan.engine.policy_language.jsonpath import PathError, parse_json_path
from policyscan.engine.policy_language.values import Values
from tests.plans import change, plan_of

DOCUMENT = {
    "policy": '{"Statement": [{"Effect": "Allow", "Action": ["s3:*"], "Sid": "a"}]}',
    "rule": [
        {"name": "one", "port": 80, "on": True, "deep": [{"port": 1}]},
        {"name": "two", "port": 443, "on": False, "deep": []},
    ],
    "single": [{"name": "only"}],
    "tags": {"a-b": "dash", "x/y": "slash"},
}


def found(path: str) -> list[object]:
    (resource,) = plan_of([change("aws_x.y", after=DOCUMENT)]).resources
    return [spot.settled for spot in Values(resource).follow(parse_json_path(path))]


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("rule[*].name", ["one", "two"]),
        ("$.rule[0].name", ["one"]),
        ("rule[-1].name", ["two"]),
        ("rule[0:1].name", ["one"]),
        ("rule.*.port", [80, 443]),
        ("rule[?(@.port > 80)].name", ["two"]),
        ("rule[?(@.port >= 80 & @.name != two)].name", ["one"]),
        ("rule[?(@.name == 'two')].port", [443]),
        ("rule[?(@.name =~ '^t')].port", [443]),
        ("rule[?(@.on == true)].name", ["one"]),
        ("rule[?(@.deep.port)].name", ["one"]),
        ("rule[?(@.none)].name", []),
        ("$..port", [80, 1, 443]),
        ("single[*].name", ["only"]),
        ("single[?(@.name == only)].name", ["only"]),
        ("tags['a-b']", ["dash"]),
        ('tags."x/y"', ["slash"]),
        ("policy.Statement[?(@.Effect == Allow)].Action[*]", ["s3:*"]),
        ("policy.Statement[?(@.Effect == Deny)].Action[*]", []),
        ("nowhere.at.all", []),
    ],
)
def test_a_path_finds_what_it_says(path: str, values: list[object]) -> None:
    assert found(path) == values


@pytest.mark.parametrize("path", ["", "$", "a[", "a[?(@.b ==)]", "a[?(", "a..", "a | b", "a.`len`"])
def test_a_path_that_is_not_understood_is_refused(path: str) -> None:
    with pytest.raises(PathError, match=r"is not understood|names nothing"):
        parse_json_path(path)
