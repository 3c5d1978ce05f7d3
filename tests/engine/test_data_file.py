"""The file of what data sources find: what is read of it, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from policyscan.engine.data_file import LARGEST, Given, read_data
from policyscan.errors import ConfigError
from policyscan.report.schemas import FOLDER

GOOD = """# What the account holds.
- type: aws_vpc
  match:
    filter:
      tag:Name: [main]
  values:
    id: vpc-1
    cidr_block: 10.9.0.0/16
- {type: aws_caller_identity, values: {account_id: "123456789012"}}
"""
ONE = "- type: a\n  values: {}\n"
SCHEMA = json.loads((FOLDER / "data.schema.json").read_text())


def read(folder: Path, text: str) -> tuple[Given, ...]:
    path = folder / "data.yaml"
    path.write_text(text)
    return read_data(path)


def test_each_item_is_an_answer_with_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "data.yaml"
    assert read(tmp_path, GOOD) == (
        Given(
            "aws_vpc",
            {"filter": {"tag:Name": ["main"]}},
            {"id": "vpc-1", "cidr_block": "10.9.0.0/16"},
            f"{path}:2",
            {
                "match.filter": f"{path}:4",
                "values.id": f"{path}:7",
                "values.cidr_block": f"{path}:8",
            },
        ),
        Given(
            "aws_caller_identity",
            {},
            {"account_id": "123456789012"},
            f"{path}:9",
            {"values.account_id": f"{path}:9"},
        ),
    )
    jsonschema.validate(yaml.safe_load(GOOD), SCHEMA)


def test_json_is_read_too_and_nothing_is_no_answer(tmp_path: Path) -> None:
    assert [each.type for each in read(tmp_path, json.dumps(yaml.safe_load(GOOD)))] == [
        "aws_vpc",
        "aws_caller_identity",
    ]
    assert read(tmp_path, "# nothing yet\n") == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("type: aws_vpc\n", "1: is no list of answers; start each with `- type:`"),
        ("- type: aws_vpc\n", "1: gives no values"),
        ("- values: {id: a}\n", "1: gives no type"),
        ("- type: ''\n  values: {}\n", "1: type: says nothing"),
        ("- type: a\n  values: [id]\n", '2: values: ["id"] is not a map'),
        (f"{ONE}  mach: {{}}\n", "3: mach: no key is called so; did you mean 'match'?"),
        ("- type: a\n  values: {id: a, id: b}\n", "2: not plain YAML: id is given twice"),
        ("- type: a\n  values: *v\n", "2: not plain YAML: an alias; write out what it stands for"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_refused_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, text)
    assert str(refused.value) == f"{tmp_path / 'data.yaml'}:{told}"


@pytest.mark.parametrize("wrong", [{}, [{"values": {}}], [{"type": "a", "values": {}, "x": 1}]])
def test_the_published_schema_refuses_what_policyscan_refuses(wrong: Any) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, SCHEMA)


def test_a_file_beyond_all_measure_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is larger than"):
        read(tmp_path, "#" * (LARGEST + 1))


def test_values_may_be_chosen_from_a_file_beside(tmp_path: Path) -> None:
    text = "- {type: aws_ip_ranges, file: copies/ip-ranges.json}\n"
    (given,) = read(tmp_path, text)
    assert (given.values, given.file) == ({}, tmp_path / "copies" / "ip-ranges.json")
    jsonschema.validate(yaml.safe_load(text), SCHEMA)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("type: a", "gives no values"),
        ("type: aws_vpc, file: a.json", "file: answers aws_ip_ranges alone; give values"),
        ("type: aws_ip_ranges, file: a, values: {}", "file: stands beside values; leave one out"),
    ],
)
def test_an_answer_gives_values_or_a_file_of_them(tmp_path: Path, answer: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, f"- {{{answer}}}\n")
    assert caught.value.lines == (f"{tmp_path / 'data.yaml'}:1: {said}",)
