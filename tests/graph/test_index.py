"""An index that Terraform leaves out of a plan, and the source gives back."""

from __future__ import annotations

from pathlib import Path

import pytest

from policyscan.source import read_source
from tests.plans import block, change, graph_of

NET = """
resource "aws_subnet" "s" {
  for_each = toset(["a", "b"])
}

output "ids" {
  value = { for key, subnet in aws_subnet.s : key => subnet.id }
}
"""


@pytest.mark.parametrize(
    ("index", "found"),
    [
        ('["b"]', {"b": "inferred"}),
        ("[each.key]", {"a": "inferred"}),
        ("[local.key]", {"a": "ambiguous", "b": "ambiguous"}),
        ("[local.keys[0]]", {"a": "ambiguous", "b": "ambiguous"}),
        ("", {"a": "exact", "b": "exact"}),
    ],
)
def test_an_index_of_a_module_output_takes_one_of_its_instances(
    tmp_path: Path, index: str, found: dict[str, str]
) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "main.tf").write_text(NET)
    (tmp_path / "main.tf").write_text(
        'module "net" {\n  source = "./net"\n}\n'
        'locals {\n  key = "a"\n  keys = ["a"]\n}\n'
        'resource "aws_nat_gateway" "n" {\n  for_each = toset(["a"])\n'
        f"  subnet_id = module.net.ids{index}\n}}\n"
    )
    beside = {"[each.key]": ["each.key"], "[local.key]": ["local.key"]}.get(index, [])
    beside += ["local.keys[0]", "local.keys"] if "keys" in index else []
    graph = graph_of(
        [
            change('module.net.aws_subnet.s["a"]', unknown={"id": True}),
            change('module.net.aws_subnet.s["b"]', unknown={"id": True}),
            change('aws_nat_gateway.n["a"]', unknown={"subnet_id": True}),
        ],
        {
            "resources": [
                block(
                    "aws_nat_gateway.n",
                    {"subnet_id": {"references": ["module.net.ids", "module.net", *beside]}},
                    for_each_expression={},
                )
            ],
            "module_calls": {
                "net": {
                    "source": "./net",
                    "module": {
                        "resources": [block("aws_subnet.s", for_each_expression={})],
                        "outputs": {"ids": {"expression": {"references": ["aws_subnet.s"]}}},
                    },
                }
            },
        },
    )
    graph = type(graph)(graph.plan, read_source(tmp_path))
    [nat] = graph.of_type("aws_nat_gateway")
    targets = graph.resolve(nat, "subnet_id").targets
    assert {each.address[-3]: str(each.confidence) for each in targets} == found


@pytest.mark.parametrize(
    ("expression", "confidence"),
    [
        ("values(aws_subnet.s)[*].id", "exact"),
        ("[for subnet in aws_subnet.s : subnet.id]", "exact"),
        ("[values(aws_subnet.s)[local.one].id]", "ambiguous"),
        ('[[aws_subnet.s["a"].id, aws_subnet.s["b"].id][local.one]]', "ambiguous"),
    ],
)
def test_an_index_behind_a_function_or_a_list_chooses(
    tmp_path: Path, expression: str, confidence: str
) -> None:
    (tmp_path / "main.tf").write_text(
        'resource "aws_subnet" "s" {\n  for_each = toset(["a", "b"])\n}\n'
        f'resource "aws_lb" "l" {{\n  subnets = {expression}\n}}\n'
    )
    names = ['aws_subnet.s["a"].id', 'aws_subnet.s["b"].id'] if '"a"' in expression else []
    beside = ["local.one"] if "local.one" in expression else []
    graph = graph_of(
        [
            change('aws_subnet.s["a"]', unknown={"id": True}),
            change('aws_subnet.s["b"]', unknown={"id": True}),
            change("aws_lb.l", unknown={"subnets": True}),
        ],
        {
            "resources": [
                block("aws_subnet.s", for_each_expression={}),
                block("aws_lb.l", {"subnets": {"references": [*names, "aws_subnet.s", *beside]}}),
            ]
        },
    )
    graph = type(graph)(graph.plan, read_source(tmp_path))
    [balancer] = graph.of_type("aws_lb")
    targets = graph.resolve(balancer, "subnets").targets
    assert [str(each.confidence) for each in targets] == [confidence, confidence]
