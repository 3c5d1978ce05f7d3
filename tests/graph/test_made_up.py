"""What rests on a made-up answer, in a plan that Terraform made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from policyscan.graph import ResourceGraph
from policyscan.graph.made_up import MadeUp
from policyscan.plan import read_plan
from policyscan.planner import make_plan
from policyscan.source import read_source

if TYPE_CHECKING:
    from pathlib import Path

MAIN = """
data "aws_cloudwatch_log_group" "shared" {
  name = "shared"
}

data "aws_subnets" "all" {}

data "aws_region" "here" {}

data "aws_iam_policy_document" "asks" {
  statement {
    actions   = ["logs:*"]
    resources = [data.aws_cloudwatch_log_group.shared.arn]
  }
}

locals {
  days = data.aws_cloudwatch_log_group.shared.retention_in_days
}

module "wrap" {
  source = "./wrap"
  days   = local.days
}

resource "aws_cloudwatch_log_group" "direct" {
  name              = "direct"
  retention_in_days = data.aws_cloudwatch_log_group.shared.retention_in_days
}

resource "aws_cloudwatch_log_group" "local" {
  name              = "local"
  retention_in_days = local.days
}

resource "aws_cloudwatch_log_group" "module" {
  name              = "module"
  retention_in_days = module.wrap.days
}

resource "aws_cloudwatch_log_group" "second" {
  name = join("-", [
    aws_cloudwatch_log_group.direct.name,
    aws_cloudwatch_log_group.direct.retention_in_days,
  ])
}

resource "aws_cloudwatch_log_group" "own" {
  name       = aws_cloudwatch_log_group.direct.name
  depends_on = [data.aws_cloudwatch_log_group.shared, module.wrap]
  tags       = { region = data.aws_region.here.region }
}

resource "aws_cloudwatch_log_group" "each" {
  for_each = toset(data.aws_subnets.all.ids)
  name     = "each"
  tags     = { subnet = each.value }
}

resource "aws_iam_policy" "asks" {
  name   = "asks"
  policy = data.aws_iam_policy_document.asks.json
}

resource "aws_lb_listener" "one" {
  load_balancer_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/a/1"
  port              = 80
  default_action {
    type = "redirect"
    redirect {
      host        = data.aws_cloudwatch_log_group.shared.name
      path        = data.aws_region.here.region
      status_code = "HTTP_301"
    }
  }
}
"""
WRAP = """
variable "days" {}
output "days" { value = var.days }
"""
SHARED, SUBNETS = "data.aws_cloudwatch_log_group.shared", "data.aws_subnets.all"
GROUP = "aws_cloudwatch_log_group"


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory, terraform: None) -> ResourceGraph:  # noqa: ARG001
    folder: Path = tmp_path_factory.mktemp("root")
    (folder / "main.tf").write_text(MAIN)
    (folder / "wrap").mkdir()
    (folder / "wrap" / "main.tf").write_text(WRAP)
    plan = read_plan(make_plan(folder).labelled, "plan.json")
    return ResourceGraph(plan, read_source(folder))


@pytest.mark.parametrize(
    ("address", "attribute", "source"),
    [
        (f"{GROUP}.direct", "retention_in_days", SHARED),
        (f"{GROUP}.direct", "name", ""),
        (f"{GROUP}.local", "retention_in_days", SHARED),
        (f"{GROUP}.module", "retention_in_days", SHARED),
        (f"{GROUP}.second", "name", SHARED),
        (f"{GROUP}.own", "name", ""),
        (f"{GROUP}.own", "tags", ""),
        ("data.aws_iam_policy_document.asks", "json", SHARED),
        ("data.aws_region.here", "region", ""),
        ("aws_iam_policy.asks", "policy", SHARED),
        ("aws_iam_policy.asks", "policy[0].Statement", SHARED),
        ("aws_iam_policy.asks", "name", ""),
        ("aws_lb_listener.one", "default_action[0].redirect[0].host", SHARED),
        ("aws_lb_listener.one", "default_action[0].redirect[0].path", ""),
        ("aws_lb_listener.one", "default_action", ""),
    ],
)
def test_a_value_is_made_up_where_all_of_it_comes_from_an_answer(
    graph: ResourceGraph, address: str, attribute: str, source: str
) -> None:
    assert MadeUp(graph).within(address, attribute) == source


def test_an_instance_that_an_answer_asks_for_is_made_up_and_its_attributes_are_not(
    graph: ResourceGraph,
) -> None:
    made_up = MadeUp(graph)
    each = [r.address for r in graph.plan.resources if r.address.startswith(f"{GROUP}.each[")]
    assert len(each) == 3
    for address in each:
        assert made_up.below(address) == SUBNETS
        assert made_up.within(address, "name") == ""
        assert made_up.within(address, "tags") == SUBNETS


def test_what_only_waits_for_an_answer_does_not_rest_on_it(graph: ResourceGraph) -> None:
    made_up = MadeUp(graph)
    assert made_up.below("aws_lb_listener.one", "default_action") == SHARED
    assert made_up.below("aws_lb_listener.one", "port") == ""
    assert made_up.below(f"{GROUP}.own") == ""
    # Its name comes from one whose retention is made up.
    assert made_up.beneath([f"{GROUP}.own"]) == SHARED
    assert made_up.beneath(["data.aws_region.here"]) == ""


def test_without_source_what_stands_behind_a_local_is_not_taken_for_known(
    graph: ResourceGraph,
) -> None:
    made_up = MadeUp(ResourceGraph(graph.plan))
    for name in ("direct", "local", "module"):
        assert made_up.below(f"{GROUP}.{name}", "retention_in_days") == SHARED
    assert made_up.below(f"{GROUP}.own") == ""
