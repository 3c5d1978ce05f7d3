"""Which blocks a folder declares, what stands in them, and how override files change them."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyscan.source import Comment
from policyscan.source.scan import headers, mask
from policyscan.source.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from policyscan.source import Block, Expression
    from tests.source.conftest import Read

SERVICE = """\
resource "aws_ecs_service" "this" {
  for_each = local.services
  name     = each.key
  provider = aws.east

  network_configuration {
    subnets = aws_subnet.private[*].id
  }
  load_balancer {
    container_port = 80
  }
  load_balancer {
    container_port = each.value.port
    deep {
      er = true
    }
  }
  dynamic "ordered" {
    for_each = var.ordered
    content {
      type  = ordered.value.type
      field = each.value.field
      dynamic "inner" {
        for_each = ordered.value.inner
        iterator = it
        content {
          x = [it.key, ordered.key, local.x, inner.y]
        }
      }
    }
  }
  dynamic "ordered" {
    for_each = []
    content {}
  }
  lifecycle {
    ignore_changes       = [desired_count, load_balancer[0].container_port, tags["x"]]
    replace_triggered_by = [aws_ecs_task_definition.this.revision]
    prevent_destroy      = true
  }
  depends_on = [aws_lb_listener.http, module.net]
}
"""


def texts(found: Mapping[str, Expression]) -> dict[str, str]:
    return {path: each.text for path, each in found.items()}


def referred(found: Expression) -> list[str]:
    return [str(each) for each in found.references]


@pytest.fixture
def service(read: Read) -> Block:
    return read({"ecs.tf": SERVICE}).modules[()].blocks["aws_ecs_service.this"]


def test_arguments_are_found_by_path_and_repeated_blocks_are_counted(service: Block) -> None:
    assert texts(service.attributes) == {
        "for_each": "local.services",
        "name": "each.key",
        "provider": "aws.east",
        "depends_on": "[aws_lb_listener.http, module.net]",
        "network_configuration[0].subnets": "aws_subnet.private[*].id",
        "load_balancer[0].container_port": "80",
        "load_balancer[1].container_port": "each.value.port",
        "load_balancer[1].deep[0].er": "true",
        "lifecycle[0].ignore_changes": (
            '[desired_count, load_balancer[0].container_port, tags["x"]]'
        ),
        "lifecycle[0].replace_triggered_by": "[aws_ecs_task_definition.this.revision]",
        "lifecycle[0].prevent_destroy": "true",
    }
    assert service.span.lines == ("ecs.tf", 1, 42)
    assert service.attributes["load_balancer[1].deep[0].er"].span.lines == ("ecs.tf", 15, 15)


def test_what_was_looked_at_is_not_read_again(service: Block) -> None:
    assert service.attributes["name"] is service.attributes["name"]


def test_dynamic_blocks_keep_what_they_repeat_and_hide_their_iterators(service: Block) -> None:
    first, second = service.dynamic["ordered"]
    assert referred(first.for_each) == ["var.ordered"]
    assert first.iterator == "ordered"
    assert first.span.lines == ("ecs.tf", 18, 31)
    assert texts(first.attributes) == {"type": "ordered.value.type", "field": "each.value.field"}
    assert referred(first.attributes["type"]) == []
    assert referred(first.attributes["field"]) == ["each.value.field"]
    (inner,) = first.dynamic["inner"]
    assert (inner.iterator, referred(inner.for_each)) == ("it", [])
    assert referred(inner.attributes["x"]) == ["local.x", "inner.y"]
    assert (second.for_each.literal, dict(second.attributes)) == ([], {})


def test_dynamic_blocks_inside_nested_blocks_are_found_by_path(read: Read) -> None:
    blocks = (
        read(
            {
                "main.tf": """
resource "a" "b" {
  rule {}
  rule {
    dynamic "action" {
      for_each = var.x
      content { y = action.value }
    }
  }
}
"""
            }
        )
        .modules[()]
        .blocks
    )
    assert list(blocks["a.b"].dynamic) == ["rule[1].action"]


def test_names_that_terraform_never_evaluates_are_constants_and_no_references(read: Read) -> None:
    blocks = (
        read(
            {
                "main.tf": SERVICE
                + """
resource "a" "old" {
  lifecycle {
    ignore_changes = all
  }
  depends_on = ["aws_lb.old", "module.net"]
}
module "net" {
  source    = "git::x"
  providers = { aws = aws.east, aws.west = aws.west }
  provider  = local.x
}
"""
            }
        )
        .modules[()]
        .blocks
    )
    service = blocks["aws_ecs_service.this"].attributes
    old = blocks["a.old"].attributes
    module = blocks["module.net"].attributes
    ignored = service["lifecycle[0].ignore_changes"]
    assert ignored.literal == ["desired_count", "load_balancer[0].container_port", 'tags["x"]']
    assert (referred(ignored), referred(service["provider"])) == ([], [])
    assert service["provider"].literal == "aws.east"
    assert old["lifecycle[0].ignore_changes"].literal == "all"
    assert referred(module["providers"]) == []
    assert referred(module["provider"]) == ["local.x"]
    assert referred(service["depends_on"]) == ["aws_lb_listener.http", "module.net"]
    assert referred(old["depends_on"]) == ["aws_lb.old", "module.net"]
    assert referred(service["lifecycle[0].replace_triggered_by"]) == [
        "aws_ecs_task_definition.this.revision"
    ]


def test_every_kind_of_block_has_its_address(read: Read) -> None:
    module = read(
        {
            "a.tf": """
terraform {}
terraform {}
variable "image" {}
output "url" { value = 1 }
provider "aws" {}
provider "aws" { alias = "east" }
data "aws_ecr_image" "this" {}
ephemeral "random_password" "db" {}
resource aws_lb this {}
module "net" { source = "git::x" }
moved { from = a.b }
removed { from = c.d }
removed { from = e.f }
check "up" {}
locals { x = 1 }
""",
            "b.tf": 'resource "aws_lb" "é ü" {}\nlocals { y = 2 }',
        }
    ).modules[()]
    assert list(module.blocks) == [
        "terraform[0]",
        "terraform[1]",
        "variable.image",
        "output.url",
        "provider.aws",
        "provider.aws.east",
        "data.aws_ecr_image.this",
        "ephemeral.random_password.db",
        "aws_lb.this",
        "module.net",
        "moved[0]",
        "removed[0]",
        "removed[1]",
        "check.up",
        "aws_lb.é ü",
    ]
    assert {name: each.literal for name, each in module.locals.items()} == {"x": 1, "y": 2}
    assert module.locals["y"].span.lines == ("b.tf", 2, 2)


def test_byte_order_mark_and_windows_line_ends_change_nothing(read: Read) -> None:
    module = read({"main.tf": b"\xef\xbb\xbf" + SERVICE.replace("\n", "\r\n").encode()}).modules[()]
    assert module.blocks["aws_ecs_service.this"].span.lines == ("main.tf", 1, 42)
    assert len(module.blocks["aws_ecs_service.this"].attributes) == 11


def test_only_the_files_that_terraform_reads_are_read(read: Read) -> None:
    other = 'variable "no" {}'
    blocks = (
        read(
            {
                "main.tf": 'variable "yes" {}',
                "main.tofu": other,
                ".hidden.tf": other,
                "main.tf~": other,
                "#main.tf#": other,
                "main.tftest.hcl": other,
                "terraform.tfvars": "x = 1",
                "folder.tf/main.tf": other,
            }
        )
        .modules[()]
        .blocks
    )
    assert list(blocks) == ["variable.yes"]


def test_linked_files_and_folders_are_followed(tmp_path: Path, read: Read) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "main.tf").write_text('variable "x" {}')
    (tmp_path / "linked.tf").symlink_to(tmp_path / "real" / "main.tf")
    (tmp_path / "linked").symlink_to(tmp_path / "real")
    source = read({"main.tf": 'module "m" { source = "./linked" }'})
    assert source.modules[()].blocks["variable.x"].span.lines == ("linked.tf", 1, 1)
    assert source.modules["m",].blocks["variable.x"].span.lines == ("real/main.tf", 1, 1)


def test_overrides_replace_arguments_one_by_one_and_nested_blocks_by_type(read: Read) -> None:
    module = read(
        {
            "main.tf": """
resource "a" "b" {
  keep    = 1
  replace = 2
  same {
    x = 1
  }
  twice {
    x = 1
    y = 1
  }
  twice {
    x = 2
  }
  dynamic "made" {
    for_each = var.x
    content {}
  }
  lifecycle {
    prevent_destroy = true
    ignore_changes  = [x]
  }
}
locals {
  kept    = 1
  changed = 1
}
module "m" {
  source = "git::x"
  a      = 1
}
""",
            "z_override.tf": """
resource "a" "b" {
  replace = 4
  twice {
    x = 9
  }
  made {
    z = 1
  }
  lifecycle {
    prevent_destroy = false
  }
}
""",
            "override.tf": """
resource "a" "b" {
  replace = 3
  added   = 3
}
locals { changed = 2 }
provider "aws" {}
module "m" { source = "hg::y" }
moved { from = a.c }
""",
        }
    ).modules[()]
    block = module.blocks["a.b"]
    assert {path: each.literal for path, each in block.attributes.items()} == {
        "keep": 1,
        "replace": 4,
        "added": 3,
        "same[0].x": 1,
        "twice[0].x": 9,
        "made[0].z": 1,
        "lifecycle[0].prevent_destroy": False,
        "lifecycle[0].ignore_changes": ["x"],
    }
    assert dict(block.dynamic) == {}
    assert block.span.lines == ("main.tf", 2, 23)
    assert block.attributes["replace"].span.lines == ("z_override.tf", 3, 3)
    assert {name: each.literal for name, each in module.locals.items()} == {"kept": 1, "changed": 2}
    assert [address for address in module.blocks if address != "a.b"] == [
        "module.m",
        "provider.aws",
        "moved[0]",
    ]


def test_comments_for_this_program_are_kept_with_their_lines(read: Read) -> None:
    module = read(
        {
            "main.tf": """
# policyscan:ignore=PS204 reason=none until=2027-01-31
resource "a" "b" {
  x = 1 // policyscan:ignore=PS101
  y = "# policyscan:no"
  z = <<E
# policyscan:no
E
  w = [ /* policyscan:ignore=PS102 */ ]
  v = "${f( # policyscan:inside
  )}"
}
# about policyscan:no
"""
        }
    ).modules[()]
    assert module.comments == (
        Comment("policyscan:ignore=PS204 reason=none until=2027-01-31", "main.tf", 2, "a.b"),
        Comment("policyscan:ignore=PS101", "main.tf", 4, "a.b"),
        Comment("policyscan:ignore=PS102", "main.tf", 9, "a.b"),
    )


def test_a_folder_is_split_into_blocks_without_python_hcl2(read: Read, tmp_path: Path) -> None:
    # A legacy index is for python-hcl2 to read.
    legacy = 'output "o" {\n value = aws_subnet.a.0.id\n}'
    read({"main.tf": 'module "m" {\n source = "./m"\n}', "m/main.tf": SERVICE + "\n" + legacy})
    program = f"""
import sys
from pathlib import Path
from policyscan.source import read_source
blocks = read_source(Path({str(tmp_path)!r})).modules["m",].blocks
print(blocks["aws_ecs_service.this"].span.end_line, "hcl2" in sys.modules)
blocks["aws_ecs_service.this"].attributes["name"]
print("hcl2" in sys.modules)
blocks["output.o"].attributes["value"]
print("hcl2" in sys.modules)
"""
    command = (sys.executable, "-c", program)
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["42", "False", "False", "True"]


NASTY = (
    "x = 1",
    'x = "}"',
    'x = "${f("}")}${"{"}"',
    'x = "\\"}$${ %%{"',
    "# }\n",
    '// { " <<E\n',
    '/* } " */',
    'x = <<E\n} " ${a} $${\nE\n',
    "x = <<-E\n  }\n  E\n",
    "y { z = [{}] }",
    "x = a<b ? 1 : 2",
    "é = 1",
)
LABELS = st.lists(st.sampled_from(["a", '"b c"', '"{"', '"\\"é"']), max_size=2)


@given(st.lists(st.tuples(LABELS, st.lists(st.sampled_from(NASTY), max_size=4)), max_size=4))
def test_a_file_is_split_between_its_blocks_whatever_stands_in_them(
    blocks: list[tuple[list[str], list[str]]],
) -> None:
    written = ["\n".join((f"kind {' '.join(labels)} {{", *body, "}")) for labels, body in blocks]
    found = list(headers(Text("", "x.tf", "\n# {\n".join(written))))
    assert [each.text.content for each in found] == written
    for each in found:
        masked = mask(each.text)
        assert len(masked) == len(each.text.content)
        assert mask(Text("", "x.tf", masked)) == masked
