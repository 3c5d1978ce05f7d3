"""What the rules about load balancers and security groups tell beside their verdicts."""

from __future__ import annotations

import pytest

from policyscan.rule import Certainty, Finding, Phase, Severity
from tests.rules.test_fixtures import RULES, judged


def found(fixture: str, name: str) -> Finding:
    """The finding of a fixture on the instance whose address holds a name."""
    findings = [each.finding for each in judged(RULES / fixture)]
    [finding] = [each for each in findings if name in each.address]
    return finding


@pytest.mark.parametrize(
    ("fixture", "name", "message"),
    [
        (
            "PS202/fail",
            "module.port.",
            (
                "no request gets through: no rule of aws_security_group.task_80 lets tcp 8080 in "
                'from aws_security_group.front["front"]'
            ),
        ),
        (
            "PS202/fail",
            "module.silent.",
            (
                'no request gets through: no rule of aws_security_group.front["no_egress"] lets '
                "tcp 8080 out to aws_security_group.task_8080"
            ),
        ),
        (
            "PS202/fail",
            "aws_ecs_service.network",
            (
                "no request gets through: no rule of aws_security_group.task_udp lets tcp 8080 in "
                "from the subnets of aws_lb.network"
            ),
        ),
        (
            "PS202/fail",
            "module.unheard.",
            (
                'no request gets through: no rule of aws_security_group.front["no_clients"] lets '
                "tcp 80 in from clients"
            ),
        ),
        (
            "PS202/unknown",
            ".elsewhere",
            (
                "no load balancer of this plan is known to send to "
                "data.aws_lb_target_group.shared: make sure that one does"
            ),
        ),
        (
            "PS103/pass",
            ".direct",
            (
                "aws_lb_listener.direct sends to aws_lb_target_group.direct and is made before the "
                "service"
            ),
        ),
        (
            "PS103/pass_later",
            "main",
            "aws_lb_listener.main sends to aws_lb_target_group.main and stands already",
        ),
        (
            "PS103/unknown",
            ".literal",
            (
                "aws_ecs_service.literal.load_balancer[0].target_group_arn cannot be judged"
                ": it is not in this plan; make sure that a listener sends to it"
            ),
        ),
        (
            "PS104/unknown",
            ".literal",
            (
                "aws_ecs_service.literal.load_balancer[0].target_group_arn cannot be judged"
                ": it is not in this plan; look it up with a data source to have its "
                "type compared"
            ),
        ),
        (
            "PS106/fail",
            ".beside",
            "it sends to port 8080 of container app, which declares 8000-8079",
        ),
        ("PS106/fail", ".other", "it sends to port 80 of container quiet, which declares no port"),
        ("PS106/pass", ".connect", "aws_ecs_task_definition.named declares http"),
        (
            "PS111/fail",
            ".unset",
            (
                "aws_subnet.main stands in aws_vpc.main and aws_security_group.unset in the "
                "default VPC: a service and all it uses must share one VPC"
            ),
        ),
        (
            "PS203/fail",
            ".http",
            (
                "aws_security_group.http lets out udp 443 and tcp 80 alone: no task can call AWS "
                "on port 443"
            ),
        ),
        (
            "PS205/fail",
            ".isolated",
            (
                "no client reaches it: it faces the internet and stands in "
                'aws_subnet.isolated["a"], whose default route leads nowhere'
            ),
        ),
        (
            "PS210/fail",
            ".six",
            (
                "its tasks are open to the world on tcp 443, by "
                'aws_vpc_security_group_ingress_rule.six["https"]'
            ),
        ),
    ],
)
def test_a_message_names_what_decides(fixture: str, name: str, message: str) -> None:
    assert found(fixture, name).message == message


@pytest.mark.parametrize(
    ("fixture", "name", "fix"),
    [
        (
            "PS202/fail",
            "module.port.",
            [
                # Its rules are inline: one of its own would be overwritten.
                'resource "aws_security_group" "task_80" {',
                'security_groups = [aws_security_group.front["front"].id]',
                'protocol = "tcp"',
                "from_port = 8080",
                "to_port = 8080",
            ],
        ),
        (
            "PS202/fail",
            "module.silent.",
            [
                'resource "aws_vpc_security_group_egress_rule" "front_tcp_8080" {',
                'security_group_id = aws_security_group.front["no_egress"].id',
                "referenced_security_group_id = aws_security_group.task_8080.id",
            ],
        ),
        (
            "PS202/fail",
            "module.default.",
            ["security_group_id = aws_vpc.main.default_security_group_id"],
        ),
        ("PS202/fail", "module.unheard.", ['cidr_ipv4 = "0.0.0.0/0"']),
        ("PS203/fail", ".unset", ["security_group_id = aws_security_group.unset.id"]),
        ("PS111/fail", ".group", ["vpc_id = aws_vpc.main.id"]),
        ("PS111/fail", ".known", ['vpc_id = "vpc-0fedcba9876543210"']),
        ("PS103/fail", ".race", ["depends_on = [aws_lb_listener.race]"]),
        ("PS119/fail", ".tcp", ['protocol = "HTTP"']),
        ("PS119/fail", ".web", ['protocol = "TCP"']),
    ],
)
def test_a_fix_is_written_for_this_very_resource(fixture: str, name: str, fix: list[str]) -> None:
    finding = found(fixture, name)
    told = f"{finding.fix}\n{finding.snippet}"
    lines = [" ".join(line.split()) for line in told.splitlines()]
    assert [line for line in fix if line not in lines] == []


@pytest.mark.parametrize(
    ("fixture", "name", "symptom"),
    [
        ("PS104/fail", ".unset", "has target type instance, which is incompatible with the awsvpc"),
        ("PS110/fail", ".same", "At least two subnets in two different Availability Zones"),
        ("PS110/fail", ".counted", "multiple subnets in the same Availability Zone"),
        ("PS111/fail", ".literal", "The target group ... is in a different VPC"),
        ("PS111/fail", ".group", "does not appear to belong to the same VPC"),
        ("PS106/fail", ".container", "The container web does not exist in the task definition."),
        ("PS106/fail", ".port", "did not have a container port 8080 defined."),
        ("PS113/fail", ".equal", "timeout '30' must be smaller than the interval '30'"),
        ("PS119/fail", '.same["a"]', "Priority '100' is currently in use"),
    ],
)
def test_a_symptom_is_what_aws_will_say(fixture: str, name: str, symptom: str) -> None:
    assert symptom in found(fixture, name).symptom


@pytest.mark.parametrize(
    ("fixture", "name", "notes"),
    [
        ("PS103/pass", ".rule", 1),
        ("PS103/pass", ".standing", 1),
        ("PS103/pass", ".direct", 0),
        ("PS205/pass", ".internal_public", 1),
        ("PS205/pass", ".internal", None),
        ("PS210/pass", ".wide", 1),
        ("PS210/pass", ".network", 1),
        ("PS210/pass", ".default", 0),
        ("PS113/pass", ".impatient", 1),
        ("PS113/pass", ".usual", 0),
        ("PS113/pass", ".network", 0),
        ("PS202/pass", ".mixed", 1),
        ("PS202/pass", ".inline", 0),
    ],
)
def test_a_pass_says_what_else_is_worth_knowing(fixture: str, name: str, notes: int | None) -> None:
    if notes is None:
        findings = {each.finding.address: each.finding for each in judged(RULES / fixture)}
        assert findings["aws_lb.internal"].notes == ()
        return
    assert len(found(fixture, name).notes) == notes


def test_a_race_is_less_than_a_missing_listener() -> None:
    race, missing = found("PS103/fail", ".race"), found("PS103/fail", ".lonely")
    assert (race.severity, missing.severity) == (Severity.HIGH, None)


def test_zones_that_aws_picks_are_a_lesser_and_less_certain_failure() -> None:
    finding = found("PS110/fail", ".unpinned")
    assert (finding.severity, finding.certainty) == (Severity.MEDIUM, Certainty.INFERRED)


def test_health_checks_where_nobody_listens_strike_after_the_apply() -> None:
    assert found("PS106/fail", ".health").strikes is Phase.RUNTIME
    assert found("PS106/fail", ".port").strikes is Phase.APPLY


def test_services_that_wait_for_one_group_share_its_cause() -> None:
    causes = [found("PS202/fail", name).cause for name in ("module.health.", "module.port.")]
    assert causes == ["aws_security_group.task_8080", "aws_security_group.task_80"]
