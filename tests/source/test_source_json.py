"""JSON syntax says the same as the HCL it stands for."""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from policyscan.source import Comment, Shape
from policyscan.source.declaration import JsonDeclaration
from policyscan.source.json_syntax import read_file
from policyscan.source.text import Text

if TYPE_CHECKING:
    from tests.source.conftest import Read

MAIN = """{
  "//": "policyscan:ignore=PS101",
  "resource": {
    "aws_ecs_service": {
      "this": {
        "//": "a remark",
        "name": "${var.name}-$${x} \\"${local.tags[\\"k\\"]}\\"\\n",
        "cluster": "${aws_ecs_cluster.main.id}",
        "desired_count": 2,
        "load_balancer": [
          {"container_port": "${each.value.port}"},
          {"container_port": 80}
        ],
        "network_configuration": {
          "subnets": ["${aws_subnet.a.id}", "b"]
        },
        "tags": {"${var.key}": null},
        "dynamic": {
          "ordered": {
            "for_each": "${var.ordered}",
            "content": {"type": "${ordered.value} ${local.x}"}
          }
        },
        "lifecycle": {"ignore_changes": ["desired_count"], "replace_triggered_by": ["a.b.c"]},
        "depends_on": ["aws_lb.this", "module.net"]
      }
    }
  },
  "variable": [{"//": {"no": {}}, "name": {"type": "string"}}, {"key": {}}],
  "provider": {"aws": [{}, {"alias": "east"}]},
  "locals": {"x": 1, "y": [true, null, "a"]}
}
"""


def test_json_gives_the_same_addresses_paths_and_references(read: Read) -> None:
    module = read({"main.tf.json": MAIN, "b.tf": "locals {\n  z = 1\n}\n"}).modules[()]
    block = module.blocks["aws_ecs_service.this"]
    assert list(module.blocks) == [
        "aws_ecs_service.this",
        "variable.name",
        "variable.key",
        "provider.aws",
        "provider.aws.east",
    ]
    assert {
        path: [str(one) for one in each.references] for path, each in block.attributes.items()
    } == {
        "name": ["var.name", 'local.tags["k"]'],
        "cluster": ["aws_ecs_cluster.main.id"],
        "desired_count": [],
        "load_balancer": ["each.value.port"],
        "load_balancer[0].container_port": ["each.value.port"],
        "load_balancer[1].container_port": [],
        "network_configuration": ["aws_subnet.a.id"],
        "network_configuration[0].subnets": ["aws_subnet.a.id"],
        "tags": ["var.key"],
        "tags[0].${var.key}": [],
        "lifecycle": [],
        "lifecycle[0].ignore_changes": [],
        "lifecycle[0].replace_triggered_by": ["a.b.c"],
        "depends_on": ["aws_lb.this", "module.net"],
    }
    (ordered,) = block.dynamic["ordered"]
    assert [str(one) for one in ordered.for_each.references] == ["var.ordered"]
    assert [str(one) for one in ordered.attributes["type"].references] == ["local.x"]
    assert {name: each.literal for name, each in module.locals.items()} == {
        "z": 1,
        "x": 1,
        "y": [True, None, "a"],
    }


def test_json_values_have_lines_shapes_and_constants(read: Read) -> None:
    module = read({"main.tf.json": MAIN}).modules[()]
    attributes = module.blocks["aws_ecs_service.this"].attributes
    assert module.blocks["aws_ecs_service.this"].span.lines == ("main.tf.json", 5, 26)
    assert attributes["network_configuration[0].subnets"].span.lines == ("main.tf.json", 15, 15)
    assert attributes["load_balancer"].span.lines == ("main.tf.json", 10, 13)
    assert attributes["cluster"].shape == Shape.REFERENCE
    assert attributes["name"].shape == Shape.TEMPLATE
    assert attributes["lifecycle[0].ignore_changes"].literal == ["desired_count"]
    assert module.comments == (Comment("policyscan:ignore=PS101", "main.tf.json", 2),)


def test_json_overrides_hcl_and_is_overridden_by_it(read: Read) -> None:
    module = read(
        {
            "main.tf": 'resource "a" "b" {\n  x = 1\n  y = 1\n}\n',
            "a_override.tf.json": '{"resource": {"a": {"b": {"x": 2, "y": 2}}}}',
            "b_override.tf": 'resource "a" "b" {\n  y = 3\n}\n',
        }
    ).modules[()]
    literals = {path: each.literal for path, each in module.blocks["a.b"].attributes.items()}
    assert literals == {"x": 2, "y": 3}


def normal(value: Any) -> Any:
    """Strings in normal form C, as Terraform has them."""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, list):
        return [normal(each) for each in value]
    if isinstance(value, dict):
        return {normal(key): normal(each) for key, each in value.items()}
    return value


PLAIN = st.text(st.characters(codec="utf-8", exclude_characters="$%"), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PLAIN, inner, max_size=3),
    max_leaves=6,
)


@given(VALUES)
def test_any_json_constant_is_read_back(value: Any) -> None:
    text = Text("", "x.tf.json", json.dumps({"x": value}, ensure_ascii=False, indent=1))
    body = JsonDeclaration("locals", (), read_file(text)).body()
    assert body.attributes["x"].literal == normal(value)
