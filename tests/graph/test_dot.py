"""What `terraform graph` prints is read back as pairs of blocks."""

from __future__ import annotations

import pytest

from policyscan.graph.dot import is_block, read_dot


def test_pairs_of_the_resource_graph_are_read_in_order() -> None:
    text = """digraph G {
      rankdir = "RL";
      "aws_vpc.v" [label="aws_vpc.v"];
      subgraph "cluster_module.a" {
        label = "module.a"
        "module.a.data.aws_region.r" [label="data.aws_region.r"];
      }
      "module.a.data.aws_region.r" -> "aws_vpc.v";
      "aws_subnet.s" -> "module.a.data.aws_region.r";
    }"""
    assert read_dot(text) == (
        ("aws_subnet.s", "module.a.data.aws_region.r"),
        ("module.a.data.aws_region.r", "aws_vpc.v"),
    )


def test_nodes_between_resources_are_walked_through() -> None:
    text = r"""digraph {
        compound = "true"
        subgraph "root" {
            "[root] aws_subnet.s (expand)" -> "[root] local.vpc (expand)"
            "[root] local.vpc (expand)" -> "[root] module.net.output.id (expand)"
            "[root] module.net.output.id (expand)" -> "[root] module.net.aws_vpc.v (expand)"
            "[root] module.net.aws_vpc.v (expand)" -> "[root] provider[\"example.org/x/aws\"]"
            "[root] provider[\"example.org/x/aws\"]" -> "[root] data.aws_region.r (expand)"
            "[root] root" -> "[root] aws_subnet.s (expand)"
        }
    }"""
    assert read_dot(text) == (
        ("aws_subnet.s", "module.net.aws_vpc.v"),
        ("module.net.aws_vpc.v", "data.aws_region.r"),
    )


@pytest.mark.parametrize("text", ["", "no graph", '{"format_version": "1.2"}', '"a" -> ', "\0" * 9])
def test_text_that_is_no_graph_has_no_pairs(text: str) -> None:
    assert read_dot(text) == ()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("aws_vpc.v", True),
        ("data.aws_vpc.v", True),
        ("module.a.module.b.aws_vpc.v", True),
        ("local.x", False),
        ("var.x", False),
        ("module.a.var.x", False),
        ("module.a.output.x", False),
        ("output.x", False),
        ("module.a", False),
        ('provider["example.org/x/aws"]', False),
        ('provider["example.org/x/aws"].east', False),
        ("root", False),
    ],
)
def test_blocks_are_told_from_other_nodes(address: str, *, expected: bool) -> None:
    assert is_block(address) is expected
