"""Where each part of a block stands; lines and columns counted by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyscan.source import Source, read_source
from policyscan.source.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policyscan.source.place import Place
    from tests.source.conftest import Read

ROOT = Path(__file__).resolve().parents[2]
VARIANTS = sorted((ROOT / "fixtures" / "variants").iterdir())

HCL = """\
resource "aws_ecs_service" "this" {
  subnets = ["a", aws_subnet.b.id, // why
    module.net.c, "d"]
  tags = merge(local.tags, { Name = "x", "Team" = "y" }, {
    "odd.key" : [1, 2] /* two */ })

  load_balancer {
    container_port = 80
  }
  one { line = true }
  load_balancer {
    container_port = 443
    deep { er = "é" }
  }
  dynamic "rule" {
    for_each = var.rules
    iterator = each_rule
    content {
      name = each_rule.value
    }
  }
  rule {
    name = "last"
  }

\tindented\t=\ttrue # and a tab behind\t
  étendu = { a = "e\u0301 🚀", b = 1 }
  text = <<-EOT
    not JSON
  EOT
  lifecycle {
    ignore_changes = [tags["a"], subnets]
  }
}
"""
HCL_ROWS = (
    # The way there, lines and columns (the last one past the end), and what stands there.
    ("", (1, 34, 1, 2), "the block"),
    ("subnets", (2, 3, 3, 23), "an argument of two lines"),
    ("subnets[0]", (2, 2, 14, 17), '"a"'),
    ("subnets[1]", (2, 2, 19, 34), "aws_subnet.b.id"),
    ("subnets[2]", (3, 3, 5, 17), "module.net.c"),
    ("subnets[3]", (3, 3, 19, 22), '"d"'),
    ("subnets[4]", (2, 3, 3, 23), "too far: the list"),
    ("tags", (4, 5, 3, 36), "a call"),
    ("tags.Name", (4, 4, 30, 40), 'Name = "x"'),
    ('tags["Team"]', (4, 4, 42, 54), '"Team" = "y"'),
    ('tags["odd.key"]', (5, 5, 5, 23), "of another object of the same call"),
    ('tags["odd.key"][1]', (5, 5, 21, 22), "2"),
    ('tags["no"]', (4, 5, 3, 36), "not among them: the argument"),
    ("load_balancer[0]", (7, 9, 3, 4), "the first block of its type"),
    ("load_balancer[1].container_port", (12, 12, 5, 25), "of the second"),
    ("load_balancer[1].deep[0].er", (13, 13, 12, 20), 'er = "é"'),
    ("load_balancer[0].deep[0].er", (7, 7, 3, 18), "not in the first: its opening"),
    ("load_balancer[1].deep[0].no", (13, 13, 5, 11), "not in the inner one: its opening"),
    ("load_balancer", (7, 14, 3, 4), "all of them, and what is between"),
    ("one[0].line", (10, 10, 9, 20), "line = true"),
    ("one[0].no", (10, 10, 3, 8), "one {"),
    ("rule[0].name", (19, 19, 7, 29), "in a dynamic block"),
    ("rule[0].port", (18, 18, 5, 14), "content {"),
    ("rule[7].name", (19, 19, 7, 29), "a dynamic block makes as many as need be"),
    ("indented", (26, 26, 2, 17), "a tab is one column"),
    ("étendu.b", (27, 27, 26, 31), "b = 1, behind a mark that combines and a rocket"),
    ("text", (28, 30, 3, 6), "a heredoc with its tags"),
    ("text[0].image", (28, 30, 3, 6), "a heredoc that is no JSON"),
    ("lifecycle[0].ignore_changes", (32, 32, 5, 42), "ignore_changes = [...]"),
    ("nowhere", (1, 1, 1, 36), "not there: the opening of the block"),
    ("nowhere[0].at_all", (1, 1, 1, 36), "not there: the opening of the block"),
)

JSON = """\
{
  "resource": {"aws_ecs_service": {
    "this": {
      "name": "é", "tags": {
        "Name": "\\u00e9x", "Team": "${var.team}"
      },
      "load_balancer": [
        {"container_port": 80},
        {"container_port": 443}
      ],
      "network_configuration": {"subnets": ["a", "${aws_subnet.b.id}"]},
      "dynamic": {
        "rule": {"for_each": "${var.rules}", "content": {"name": "${rule.value}"}}
      }
    }
  }}
}
"""
JSON_ROWS = (
    ("", (3, 15, 5, 6), "the block and its name"),
    ("name", (4, 4, 7, 18), '"name": "é"'),
    ("tags", (4, 6, 20, 8), "an object"),
    ("tags.Name", (5, 5, 9, 26), '"Name": "..."'),
    ('tags["Team"]', (5, 5, 28, 49), '"Team": "${var.team}"'),
    ("load_balancer[1]", (9, 9, 9, 32), "the second block"),
    ("load_balancer[1].container_port", (9, 9, 10, 31), '"container_port": 443'),
    ("network_configuration[0].subnets", (11, 11, 33, 71), "in a block without brackets"),
    ("network_configuration[0].subnets[1]", (11, 11, 50, 70), '"${aws_subnet.b.id}"'),
    ("rule[0].name", (13, 13, 58, 81), '"name": "${rule.value}"'),
    ("rule[0].port", (13, 13, 46, 58), '"content": {'),
    ("nowhere", (3, 3, 5, 14), '"this": {'),
)


def place(source: Source, address: str = "aws_ecs_service.this") -> Place:
    return source.modules[()].blocks[address].place


def found(at: Place) -> tuple[int, int, int, int]:
    span = at.span
    return span.line, span.end_line, span.column, span.end_column


@pytest.mark.parametrize(("path", "expected", "what"), HCL_ROWS)
def test_each_part_stands_where_it_is_written(
    path: str, expected: tuple[int, int, int, int], what: str, read: Read
) -> None:
    assert found(place(read({"main.tf": HCL})).find(path)) == expected, what


@pytest.mark.parametrize(("path", "expected", "what"), JSON_ROWS)
def test_each_part_of_json_stands_where_it_is_written(
    path: str, expected: tuple[int, int, int, int], what: str, read: Read
) -> None:
    assert found(place(read({"main.tf.json": JSON})).find(path)) == expected, what


SETS = """\
resource "a" "b" {
  setting {
    name  = "x"
    value = var.x
  }
  setting {
    name  = "y"
    value = 80
  }
  names = ["b", "a", local.c]
}
"""


@pytest.mark.parametrize(
    ("path", "planned", "line"),
    [
        # Terraform puts the members of a set in an order of its own: constants tell them apart.
        ("setting[0].value", {"setting": [{"name": "y", "value": "80"}, {"name": "x"}]}, 8),
        ("setting[1].value", {"setting": [{"name": "y", "value": "80"}, {"name": "x"}]}, 4),
        ("setting[1].value", {"setting": [{"name": "x"}, {"value": 80.0}]}, 8),
        # Nothing tells them apart, or none fits, as when a provider spells a value its own way.
        ("setting[1].value", {"setting": [{}, {}]}, 8),
        ("setting[1].value", {"setting": [{"name": "z"}, {"name": "z"}]}, 8),
    ],
)
def test_constants_tell_which_block_a_number_means(
    path: str, planned: dict[str, Any], line: int, read: Read
) -> None:
    block = place(read({"main.tf": SETS}), "a.b")
    assert block.find(path, planned).span.line == line


def test_constants_tell_which_element_a_number_means(read: Read) -> None:
    block = place(read({"main.tf": SETS}), "a.b")
    planned = {"names": ["a", "b", None]}
    columns = [block.find(f"names[{number}]", planned).span.column for number in range(3)]
    # "a" is written second, and the local may be anything.
    assert columns == [17, 12, 22]


REFERENCES = """\
resource "a" "b" {
  ids = [x.y[0].id, x.y["k"].id, x.y[local.n].id, "${module.m.out}", module.n[0].out]
  one = [x.z.id]
  two = { first = { id = x.y.id }, second = [data.x.y.id, var.v] }
  of {
    id = x.w.id
  }
  of {
    id = x.v.id
  }
}
"""


@pytest.mark.parametrize(
    ("path", "name", "key", "columns"),
    [
        ("ids", "module.m", None, (51, 68)),
        ("ids", "module.m", "k", (51, 68)),
        ("ids", "module.n", 0, (70, 85)),
        ("one", "x.z", None, (10, 16)),
        ("two", "data.x.y", None, (46, 57)),
        ("two", "x.y", None, (21, 32)),
        ("two", "var.v", None, (59, 64)),
        ("of", "x.v", None, (5, 16)),
        # Two may: the argument.
        ("ids", "x.y", 0, (3, 86)),
        # None does: the argument.
        ("ids", "module.n", 1, (3, 86)),
        ("ids", "x.yy", None, (3, 86)),
    ],
)
def test_the_part_that_refers_to_an_instance_is_found(
    path: str, name: str, key: int | str | None, columns: tuple[int, int], read: Read
) -> None:
    span = place(read({"main.tf": REFERENCES}), "a.b").find(path).referring(name, key).span
    assert (span.column, span.end_column) == columns


HEREDOC = """\
resource "a" "b" {
  json = <<EOT
[{"image": "${x.y.url}:1"${var.more}}, {"image": "é", "port":
   ${var.port}}]
EOT
  good = <<EOT
[{"image": "${x.y.url}:${var.tag}"}, {"name": "é${"}"}", "image": "b", "port":
   ${var.port}}]
EOT
}
"""


def test_a_heredoc_has_parts_once_it_is_json(read: Read) -> None:
    block = place(read({"main.tf": HEREDOC}), "a.b")
    assert found(block.find("json[0].image")) == (2, 5, 3, 4)
    assert found(block.find("good[0].image")) == (7, 7, 3, 35)
    assert found(block.find("good[1].image")) == (7, 7, 58, 70)
    assert found(block.find("good[1].port")) == (7, 8, 72, 15)
    assert found(block.find("good").referring("x.y", None)) == (7, 7, 3, 35)


def test_an_override_brings_its_own_places(read: Read) -> None:
    source = read(
        {
            "main.tf": 'resource "a" "b" {\n  x = 1\n  y = 1\n  s { n = 1 }\n  s { n = 2 }\n}\n',
            "one_override.tf": '# later\nresource "a" "b" {\n  y = 2\n\n  s { n = 3 }\n}\n',
            "two_override.tf.json": '{"resource": {"a": {"b": {\n"z": 1}}}}',
        }
    )
    block = place(source, "a.b")
    assert {
        path: (span.file, span.line)
        for path in ("x", "y", "z", "s[0].n", "s[1].n", "")
        for span in [block.find(path).span]
    } == {
        "x": ("main.tf", 2),
        "y": ("one_override.tf", 3),
        "z": ("two_override.tf.json", 2),
        "s[0].n": ("one_override.tf", 5),
        "s[1].n": ("one_override.tf", 5),
        "": ("main.tf", 1),
    }


@pytest.mark.parametrize("is_absolute", [True, False])
def test_a_module_above_a_linked_root_is_shown_where_it_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_absolute: bool
) -> None:
    root, module = tmp_path / "real" / "infra", tmp_path / "real" / "module"
    root.mkdir(parents=True)
    module.mkdir()
    (root / "main.tf").write_text('module "m" {\n  source = "../module"\n}\n')
    (module / "main.tf").write_text('resource "a" "b" {\n  x = 1\n}\n')
    (tmp_path / "link").symlink_to(root)
    monkeypatch.chdir(tmp_path)
    source = read_source(tmp_path / "link" if is_absolute else Path("link"))
    span = source.modules["m",].blocks["a.b"].place.find("x").span
    shown = source.shown(span.file)
    assert Path(shown).is_absolute() is is_absolute
    assert Path(shown).samefile(module / "main.tf")
    assert source.shown("main.tf") == str(source.directory / "main.tf")


def test_parts_of_an_expression_in_a_string_keep_their_columns(read: Read) -> None:
    source = 'resource "a" "b" {\n  x = "${["a", (x.y.id)]}"\n  y = "${\n[x.y.id]}"\n}\n'
    block = place(read({"main.tf": source}), "a.b")
    assert found(block.find("x[0]")) == (2, 2, 11, 14)
    assert found(block.find("x[1]")) == (2, 2, 16, 24)
    assert found(block.find("y[0]")) == (4, 4, 2, 8)


def test_a_block_overrides_what_json_writes_like_an_argument(read: Read) -> None:
    source = read(
        {
            "main.tf.json": '{"resource": {"a": {"b": {"s": {"n": 1}}}}}',
            "override.tf": 'resource "a" "b" {\n  s {\n    n = 2\n  }\n}\n',
        }
    )
    span = place(source, "a.b").find("s[0].n").span
    assert (span.file, span.line) == ("override.tf", 3)


def every_part(at: Place) -> Iterator[Place]:
    """A place and all that is in it."""
    yield at
    for part in at.inside.values():
        yield from every_part(part)


def covered(folder: Path, at: Place) -> str:
    """The characters between the ends of a span."""
    span = at.span
    lines = (folder / span.file).read_text(encoding="utf-8").split("\n")
    lines = lines[span.line - 1 : span.end_line]
    lines[-1] = lines[-1][: span.end_column - 1]
    return "\n".join([lines[0][span.column - 1 :], *lines[1:]])


@pytest.mark.parametrize(
    "folder",
    [ROOT / "infra", ROOT / "fixtures" / "positions", *VARIANTS],
    ids=lambda folder: folder.name,
)
def test_between_its_ends_stands_what_a_part_says(folder: Path) -> None:
    if not any(folder.glob("*.tf")):
        pytest.skip("its configuration is another fixture's")
    parts = [
        part
        for module in read_source(folder).modules.values()
        for block in module.blocks.values()
        for part in every_part(block.place)
        if part.span.file.endswith(".tf") and part.expression is not None
    ]
    assert len(parts) > 20
    assert [
        (part.span, part.expression.text)
        for part in parts
        if part.expression is not None and not covered(folder, part).endswith(part.expression.text)
    ] == []


@given(st.text("a\né", max_size=30), st.integers(1, 9), st.integers(1, 9))
def test_a_piece_counts_lines_and_columns_from_where_it_stands(
    content: str, line: int, column: int
) -> None:
    text = Text(".", "main.tf", content, line, column)
    at = line, column
    for position in range(len(content) + 1):
        assert (text.line_at(position), text.column_at(position)) == at
        at = (at[0] + 1, 1) if content[position : position + 1] == "\n" else (at[0], at[1] + 1)


def test_blocks_that_nothing_names_are_counted_each_kind_by_itself(tmp_path: Path) -> None:
    kinds = ("moved", "removed", "moved")
    (tmp_path / "main.tf").write_text("".join(f"{kind} {{\n}}\n" for kind in kinds))
    [module] = read_source(tmp_path).modules.values()
    assert [*module.blocks] == ["moved[0]", "removed[0]", "moved[1]"]
