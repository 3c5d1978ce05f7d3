"""Terraform lists the references of the same source: ours are those, and as many."""

from __future__ import annotations

import json
import os
import re
import subprocess
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import pytest

from policyscan.source import Expression, Reference, read_source

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MAIN = """
variable "v" { default = { a = "x", list = ["p", "q"], m = { k = { z = 1 } } } }
variable "i" { default = "k" }
locals { l = { a = var.v.a } }
module "m" {
  source   = "./m"
  for_each = toset(["a", "b"])
  x        = each.value
}
module "one" {
  source = "./m"
  x      = "${local.l.a}-${~ var.i ~}"
}
resource "terraform_data" "base" {
  count = 2
  input = { n = count.index }
}
resource "terraform_data" "each" {
  for_each = { a = { p = [1, 2] } }
  input    = [each.value.p[0], each.key]
}
resource "terraform_data" "x" {
  input = {
    a1 = terraform_data.base[0].input.n
    a2 = terraform_data.base[*].input
    a3 = terraform_data.base.*.output
    a4 = [for k, v in var.v.m : "${k}-${v.z}-${terraform_data.each["a"].id}" if v.z != local.l.a]
    a5 = { for t in var.v.list : t => module.m["a"].out... if t != module.one.list[0] }
    a6 = <<-EOT
      %{for q in var.v.list~}
      ${q} ${var.i} $${var.no} %%{no}
      %{endfor~}
      %{if var.i == "k"}${path.module}%{else}${terraform.workspace}%{endif}
    EOT
    a7 = var.v["m"][var.i].z
    a8 = try(module.one.out, null)
    (var.i) = jsonencode([{ var = "x" }])
    "k-${local.l.a}" = -length(var.v.list) +1 -10
    b1 = var.i == "k" ? terraform_data.base[length(local.l) - 1].id : "n${"${var.i}"}"
    b2 = "${
      join(",", [
        var.i, # a
        /* var.none */ var.v.a,
      ])
    }"
    b3 = try(one(terraform_data.base[*].id), 1)
    b4 = { "x" : 1, y : 2 }["x"]
    b5 = module.m[var.i == "k" ? "a" : "b"].out
    b6 = var.v.list[length(module.one.list) - 1]
    b7 = resource.terraform_data.base[0].id
    é  = "ü ${var.i}"
  }
  triggers_replace = [terraform_data.each]
}
output "o" {
  value = [for x in terraform_data.base : [for y in module.one.list : [x.id, y, local.l]]]
}
"""
CHILD = """
variable "x" {}
resource "terraform_data" "in" { input = var.x }
output "out" { value = terraform_data.in.output }
output "list" { value = [var.x] }
"""


@pytest.fixture
def planned(terraform: None, tmp_path: Path) -> dict[str, Any]:
    """The configuration in the plan that Terraform makes of the source in tmp_path."""
    del terraform
    (tmp_path / "main.tf").write_text(MAIN, encoding="utf-8")
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "main.tf").write_text(CHILD, encoding="utf-8")
    environment = os.environ | {"CHECKPOINT_DISABLE": "1"}

    def run(*arguments: str) -> str:
        done = subprocess.run(
            ("terraform", *arguments),  # noqa: S607 - the one on PATH
            cwd=tmp_path,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    run("init", "-backend=false")
    run("plan", "-out=tfplan", "-refresh=false")
    shown: dict[str, Any] = json.loads(run("show", "-json", "tfplan"))
    return dict(shown["configuration"]["root_module"])


def as_listed(reference: Reference) -> list[str]:
    """A reference as a plan lists it: cut at an index that is computed, then ever shorter."""
    # A module's instance is listed without its module, a resource's with its resource.
    steps = re.findall(
        r'^module\.\w+\["[^"]*"\]|^\w+\.\w+|\.\w+|\["[^"]*"\]|\[\d+\]|\[.*', str(reference)
    )
    known = list(takewhile(re.compile(r'\.|\w|\["|\[\d').match, steps))
    return ["".join(known[:count]) for count in range(len(known), 0, -1)]


def once(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def ours(found: Expression) -> list[str]:
    return once(name for each in found.references for name in as_listed(each))


def test_terraform_lists_the_same_references_in_the_same_order(
    planned: dict[str, Any], tmp_path: Path
) -> None:
    blocks = read_source(tmp_path).modules[()].blocks
    compared = 0
    for resource in planned["resources"]:
        for name, listed in resource["expressions"].items():
            found = blocks[resource["address"]].attributes[name]
            assert ours(found) == once(listed["references"])
            compared += len(found.references)
    for name, output in planned["outputs"].items():
        found = blocks[f"output.{name}"].attributes["value"]
        assert ours(found) == once(output["expression"]["references"])
    for name, called in planned["module_calls"].items():
        found = blocks[f"module.{name}"].attributes["x"]
        assert ours(found) == once(called["expressions"]["x"]["references"])
    assert compared == 26
