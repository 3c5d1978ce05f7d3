"""How source expressions are read: what they choose between, and what is taken of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from policyscan.graph.reading import Reading, read_source, without_first_step
from policyscan.source import read_source as read_folder


def reading_of(folder: Path, expression: str, rest: str = "") -> Reading:
    (folder / "main.tf").write_text(f"locals {{\n  it = {expression}\n}}\n", encoding="utf-8")
    return read_source(read_folder(folder).modules[()].locals["it"], rest)


def names(reading: Reading) -> list[str]:
    return [reference.text for reference in reading.references]


@pytest.mark.parametrize(
    "expression",
    [
        "[aws_subnet.a.id, aws_subnet.b.id]",
        "aws_subnet.a[*].id",
        "concat(aws_subnet.a[*].id, aws_subnet.b[*].id)",
        "[for subnet in aws_subnet.a : subnet.id]",
        '"${aws_ecr_repository.a.repository_url}:1"',
    ],
)
def test_an_expression_that_passes_on_all_it_names_does_not_pick(
    expression: str, tmp_path: Path
) -> None:
    assert reading_of(tmp_path, expression).picks is False


@pytest.mark.parametrize(
    "expression",
    [
        "var.is_public ? aws_subnet.a[*].id : aws_subnet.b[*].id",
        "element(aws_subnet.a[*].id, 0)",
        "slice(aws_subnet.a[*].id, 0, 1)",
        "[for subnet in aws_subnet.a : subnet.id if subnet.tags.tier == var.tier]",
        "coalesce(var.image, aws_ecr_repository.a.repository_url)",
    ],
)
def test_a_condition_a_filter_and_most_functions_pick(expression: str, tmp_path: Path) -> None:
    assert reading_of(tmp_path, expression).picks is True


def test_a_key_leads_into_an_object_and_leaves_its_other_keys_out(tmp_path: Path) -> None:
    expression = "{ public = [aws_subnet.a.id], private = { ids = [aws_subnet.b.id] } }"
    reading = reading_of(tmp_path, expression, "private.ids")
    assert (names(reading), reading.rest) == (["aws_subnet.b.id"], "")


def test_a_key_that_is_no_name_leads_into_an_object_as_well(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, '{ "a.b" = aws_subnet.a.id, c = aws_subnet.b.id }', '["a.b"]')
    assert names(reading) == ["aws_subnet.a.id"]


def test_a_constant_behind_a_key_is_the_text_of_the_reading(tmp_path: Path) -> None:
    assert reading_of(tmp_path, '{ app = "nginx:1.27" }', "app").text == "nginx:1.27"


def test_a_for_expression_that_makes_new_keys_picks_when_a_key_is_taken(tmp_path: Path) -> None:
    kept = reading_of(tmp_path, "{ for key, it in aws_subnet.a : key => it.id }", '["x"]')
    made = reading_of(tmp_path, "{ for key, it in aws_subnet.a : it.tags.Name => it.id }", '["x"]')
    assert (kept.picks, made.picks) == (False, True)


def test_an_iterator_as_index_runs_over_a_block_whose_keys_come_from_the_same(
    tmp_path: Path,
) -> None:
    reading = reading_of(tmp_path, "[for zone in var.zones : aws_subnet.a[zone].id]")
    (subnet,) = (each for each in reading.references if each.name == "aws_subnet.a")
    assert reading.runs_over(subnet, "toset(var.zones)")
    assert not reading.runs_over(subnet, "toset(var.zones_of_all)")


@pytest.mark.parametrize(
    ("path", "rest"),
    [("a.b", "b"), ('["a.b"].c', "c"), ("[0][1]", "[1]"), ("a", ""), ('["say \\"x\\""].y', "y")],
)
def test_the_first_step_of_a_path_is_taken_off(path: str, rest: str) -> None:
    assert without_first_step(path) == rest
