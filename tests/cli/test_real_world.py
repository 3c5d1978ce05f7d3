"""Configurations as they are written in the world, planned and judged from end to end."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from policyscan.cli.commands import run
from policyscan.planner import Inputs, Request, make_plan

pytestmark = pytest.mark.usefixtures("terraform")

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "real_world"

PLANS: dict[str, tuple[tuple[str, ...], int, dict[str, Any]]] = {
    "cluster": (
        (),
        15,
        {
            "aws_eks_cluster.this": {"name": "cluster-prod"},
            'aws_eks_node_group.this["batch"]': {"capacity_type": "SPOT"},
        },
    ),
    "database": (
        (),
        13,
        {
            "aws_db_instance.this": {"multi_az": True, "instance_class": "db.m6g.large"},
            "aws_db_instance.replica[1]": {"identifier": "database-replica-2"},
            "random_password.this[0]": {"length": 32},
        },
    ),
    "environments": (
        ("--workspace", "prod"),
        5,
        {
            "aws_elasticache_replication_group.this": {
                "replication_group_id": "web-prod",
                "num_cache_clusters": 2,
                "region": "eu-west-1",
            },
            'aws_route53_record.cache["cache.example.com"]': {"ttl": 60},
        },
    ),
    "fleet": (
        ("--var-file", str(FOLDER / "fleet" / "large.tfvars")),
        9,
        {
            "aws_autoscaling_group.this": {"min_size": 1, "max_size": 9},
            "aws_instance.bastion[0]": {"instance_type": "t3.nano"},
        },
    ),
    "landing_zone": (
        (),
        27,
        {
            'module.unit["workloads"].module.account["orders"].aws_budgets_budget.this': {
                "limit_amount": "2500.0"
            },
            'module.unit["workloads"].module.account["orders"].module.trail["data"]'
            ".aws_s3_bucket.this": {"bucket": "acme-trail-orders-data"},
        },
    ),
    "migration": ((), 9, {'module.network.aws_subnet.this["c"]': {"cidr_block": "10.0.2.0/24"}}),
    "network_factory": (
        (),
        50,
        {
            'module.network["spoke"].module.tier["app"].aws_subnet.this["eu-west-1c"]': {
                "cidr_block": "10.1.64.0/19"
            },
            'module.network["lab"].module.tier["data"].module.routes["eu-west-1a"]'
            ".aws_route_table.this": {"region": "eu-west-1"},
            'aws_vpc_peering_connection.this["hub-lab"]': {"auto_accept": True},
        },
    ),
    "pipeline": (
        (),
        8,
        {
            'aws_lambda_function.step["transform"]': {"timeout": 120},
            "aws_cloudwatch_log_group.audit": {"region": "us-east-2", "retention_in_days": 365},
        },
    ),
    "policies": ((), 14, {'aws_iam_role.this["writer"]': {"name": "data-writer"}}),
    "regions": (
        (),
        12,
        {
            "module.orders.aws_dynamodb_table_replica.this": {
                "region": "eu-west-1",
                "tags_all": {
                    "Environment": "prod",
                    "Project": "orders",
                    "Region": "eu-west-1",
                    "Role": "replica",
                },
            },
            "aws_cloudwatch_metric_alarm.edge": {"region": "us-east-1"},
        },
    ),
    "site": (
        (),
        15,
        {
            'aws_s3_object.this["css/site.css"]': {"content_type": "text/css"},
            'aws_route53_record.validation["www.example.com"]': {"ttl": 60},
            "aws_cloudfront_distribution.this": {"price_class": "PriceClass_100"},
            "aws_s3_bucket.site": {"force_destroy": True},
        },
    ),
    "stack": (
        (),
        48,
        {
            'module.worker["worker"].module.role["task"].aws_iam_role_policy.queues[0]': {},
            "module.notify.aws_lambda_function.this": {"handler": "handler.handler"},
        },
    ),
    "tenants": (
        (),
        13,
        {
            'aws_sqs_queue.this["north/orders/blue"]': {
                "name": "north-orders-blue.fifo",
                "message_retention_seconds": 604800,
            },
            'aws_cloudwatch_metric_alarm.depth["north/invoices/green"]': {"threshold": 100},
        },
    ),
    "vendored": (
        ("--module-cache", str(FOLDER.with_name("module_cache"))),
        5,
        {
            "module.orders.aws_sqs_queue.this": {"name": "orders"},
            "module.refunds.module.queue.aws_sqs_queue.this": {"name": "refunds.fifo"},
            'module.events.aws_sns_topic_subscription.this["refunds"]': {"protocol": "sqs"},
        },
    ),
}


def judged(name: str, folder: Path, flags: tuple[str, ...], into: Path) -> Any:
    """The JSON report of a scan, replayed, that judged what it is given."""
    report, text = into / "report.json", into / "report.txt"
    formats = ("-f", f"json={report}", "-f", f"text={text}")
    code = run(["scan", name, "--replay", "always", *formats, *flags])
    assert code in {0, 1}
    found = json.loads(report.read_bytes())
    assert found["errors"] == []
    assert found["summary"]["verdicts"]["error"] == 0
    assert found["summary"]["replay"]["used"] is True
    assert not [each for each in found["warnings"] if str(folder) in each]
    return found, text.read_text()


def test_every_configuration_is_planned() -> None:
    assert sorted(PLANS) == sorted(each.name for each in FOLDER.iterdir())


@pytest.mark.parametrize("name", PLANS)
def test_a_configuration_of_the_world_is_planned_and_judged(name: str, tmp_path: Path) -> None:
    flags, size, facts = PLANS[name]
    folder = FOLDER / name
    plan = tmp_path / "plan.json"
    assert run(["plan", str(folder), "-o", str(plan), *flags]) == 0
    changes = json.loads(plan.read_bytes())["resource_changes"]
    planned = {each["address"]: each["change"]["after"] for each in changes}
    for address, values in facts.items():
        assert {name: planned[address][name] for name in values} == values
    _, text = judged(str(folder), folder, flags, tmp_path)
    counted = re.search(r"^\S+: (\d+) resources$", text, re.MULTILINE)
    assert counted
    assert int(counted[1]) == size


def test_a_refactoring_changes_what_it_says_and_nothing_else(tmp_path: Path) -> None:
    folder = FOLDER / "migration"
    made = make_plan(folder, Request(after=(Inputs(configuration=folder / "before"),)))
    changes = json.loads(made.plan_json)["resource_changes"]
    actions = {each["address"]: each["change"]["actions"] for each in changes}
    assert actions == {
        "aws_dynamodb_table.jobs": ["delete", "create"],
        "aws_s3_bucket.reports": ["no-op"],
        "aws_sns_topic.events": ["forget"],
        "aws_sqs_queue.old": ["delete"],
        'aws_sqs_queue.this["jobs"]': ["update"],
        'aws_sqs_queue.this["mail"]': ["create"],
        "module.network.aws_security_group.this": ["no-op"],
        'module.network.aws_subnet.this["a"]': ["no-op"],
        'module.network.aws_subnet.this["b"]': ["no-op"],
        'module.network.aws_subnet.this["c"]': ["create"],
        "module.network.aws_vpc.this": ["no-op"],
    }
    assert made.imported == ("aws_s3_bucket.reports",)
    plan = tmp_path / "plan.json"
    plan.write_bytes(made.labelled)
    found, _ = judged(str(plan), folder, ("--source-dir", str(folder)), tmp_path)
    assert any("aws_s3_bucket.reports import" in each for each in found["warnings"])
