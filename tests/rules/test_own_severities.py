"""How bad a finding is where that is not the rule's own severity, and what it is kept from saying.

The tables were written from the catalogue and the fixtures' sources, not from the program.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from policyscan.engine import Judgement, Settings, built_in_pack, judge, load_pack
from policyscan.graph import ResourceGraph
from policyscan.plan import read_plan
from policyscan.rule import Severity, Verdict
from policyscan.source import read_source

RULES = Path(__file__).resolve().parents[2] / "fixtures" / "rules"
PACK = load_pack(built_in_pack())
CRITICAL, HIGH, MEDIUM, LOW = Severity
LOCK = "aws_s3_bucket_object_lock_configuration"
SECRET = "aws_secretsmanager_secret"  # noqa: S105 - a resource type

TABLE = (
    ("PS118", "fail", 'aws_ecs_service.rolling["three_up"]', HIGH),
    ("PS118", "fail", "aws_ecs_service.blind", LOW),
    ("PS118", "fail", "aws_ecs_service.stays_broken[0]", LOW),
    ("PS704", "fail", "aws_db_instance.unset", CRITICAL),
    ("PS704", "fail", "aws_db_instance.replica", CRITICAL),
    ("PS704", "fail", "aws_db_instance.named_replica", CRITICAL),
    ("PS704", "fail", "aws_lightsail_database.blog", CRITICAL),
    ("PS704", "fail", "aws_rds_cluster.named[0]", MEDIUM),
    ("PS704", "fail", "aws_neptune_cluster.computed_name", MEDIUM),
    ("PS704", "fail", "aws_elasticache_replication_group.cache", MEDIUM),
    ("PS704", "fail", "aws_ebs_volume.kept", MEDIUM),
    ("PS705", "fail", f"{SECRET}.unset", HIGH),
    ("PS705", "fail", f"{SECRET}.drawn", LOW),
    ("PS705", "fail", f"{SECRET}.generated", LOW),
    ("PS705", "fail", "aws_kms_key.eight", LOW),
    ("PS705", "fail", "aws_acmpca_certificate_authority.main", MEDIUM),
    ("PS705", "fail_standing", f"{SECRET}.drawn", LOW),
    ("PS705", "fail_standing", f"{SECRET}.generated", LOW),
    ("PS705", "fail_standing", f"{SECRET}.fixed", HIGH),
    ("PS706", "fail", "aws_cloudwatch_log_group.kept[0]", MEDIUM),
    ("PS706", "fail", "aws_ecs_task_definition.kept", LOW),
    ("PS707", "fail", "aws_ecs_service.classic", MEDIUM),
    ("PS707", "fail", 'aws_ecs_service.one_of_two["cart"]', LOW),
    ("PS708", "fail", f"{LOCK}.compliance", CRITICAL),
    ("PS708", "fail", f"{LOCK}.governance[0]", HIGH),
    ("PS708", "fail", "aws_backup_vault_lock_configuration.for_good", CRITICAL),
    ("PS708", "fail", "aws_glacier_vault_lock.for_good", CRITICAL),
    ("PS708", "fail", "aws_s3_bucket.locked", HIGH),
    ("PS708", "fail", "aws_s3_object.held", HIGH),
)


def judged(rule: str, fixture: str, address: str) -> Judgement:
    folder = RULES / rule / fixture
    plan = read_plan((folder / "plan.json").read_bytes(), "plan.json")
    outcome = judge(ResourceGraph(plan, read_source(folder)), PACK, Settings(select=(rule,)))
    [found] = [
        each
        for each in outcome.judgements
        if (each.rule.id, each.finding.address) == (rule, address)
    ]
    return found


@pytest.mark.parametrize(("rule", "fixture", "address", "severity"), TABLE)
def test_a_finding_is_as_bad_as_what_it_does(
    rule: str, fixture: str, address: str, severity: Severity
) -> None:
    found = judged(rule, fixture, address)
    assert (found.verdict, found.severity) == (Verdict.FAIL, severity)


SAID = (
    ("PS105", 'aws_ecs_task_definition.main["too_much"]', "snippet", 'cpu    = "512"'),
    ("PS105", "aws_ecs_task_definition.no_cpu", "symptom", "'cpu' be defined at the task level"),
    ("PS105", "aws_ecs_task_definition.by_service", "path", "aws_ecs_service.by_service"),
    ("PS105", "aws_ecs_task_definition.large", "path", "platform_version"),
    ("PS108", 'aws_ecs_service.wrong_task["bridge"]', "symptom", "only supports network mode"),
    ("PS108", 'aws_ecs_service.wrong_mode["plain"]', "symptom", "does not support launch_type"),
    ("PS108", 'aws_ecs_service.wrong_mode["plain"]', "message", "bridge, as it is not set"),
    ("PS114", 'aws_ecs_task_definition.main["memory_alone"]', "symptom", "greater than for the"),
    (
        "PS114",
        'aws_ecs_task_definition.main["cpu_together"]',
        "symptom",
        "The sum of all container",
    ),
    ("PS115", 'aws_ecs_task_definition.main["capability"]', "symptom", "NET_ADMIN is not allowed"),
    ("PS115", "aws_ecs_task_definition.by_service", "path", "aws_ecs_service.by_service"),
    ("PS116", "aws_ecs_service.other", "snippet", '["FARGATE", "machines", "FARGATE_SPOT"]'),
    ("PS116", 'aws_ecs_service.unattached["cart"]', "snippet", '"aws_ecs_cluster_capacity_p'),
    ("PS116", "module.service.aws_ecs_service.this", "fix", "let the call of"),
    ("PS118", 'aws_ecs_service.rolling["three_up"]', "symptom", "(service three_up) was unable"),
    ("PS118", 'aws_ecs_service.rolling["one_up"]', "message", "with 1 task none"),
    ("PS118", 'aws_ecs_service.rolling["refused"]', "symptom", "cannot be 100"),
    ("PS118", "aws_ecs_service.blind", "message", "goes on for hours"),
    ("PS118", "aws_ecs_service.stays_broken[0]", "message", "stays broken"),
    ("PS704", "aws_db_instance.unset", "symptom", "final_snapshot_identifier is required"),
    ("PS704", "aws_db_instance.named_replica", "message", "read replica"),
    (
        *("PS704", "aws_elasticache_replication_group.cache"),
        *("snippet", "final_snapshot_identifier = null"),
    ),
    ("PS705", f"{SECRET}.unset", "symptom", "already scheduled for deletion"),
    ("PS706", "aws_launch_template.workers", "snippet", 'delete_on_termination = "true"'),
    ("PS706", "aws_sagemaker_domain.studio", "snippet", 'home_efs_file_system = "Delete"'),
    ("PS706", "aws_db_instance.backups", "snippet", "delete_automated_backups = true"),
    ("PS708", "aws_s3_bucket_object_lock_configuration.compliance", "snippet", "removed {"),
)


@pytest.mark.parametrize(("rule", "address", "part", "words"), SAID)
def test_a_failure_says_what_aws_will_say_and_what_helps(
    rule: str, address: str, part: str, words: str
) -> None:
    assert words in str(getattr(judged(rule, "fail", address).finding, part))


@pytest.mark.parametrize("rule", ["PS114", "PS115"])
def test_sensitive_containers_are_judged_and_not_told(rule: str) -> None:
    finding = judged(rule, "fail", "aws_ecs_task_definition.sensitive").finding
    said = repr(finding)
    assert finding.verdict is Verdict.FAIL
    assert [word for word in ("5555", "secret", "hostname") if word in said] == []


@pytest.mark.parametrize(
    ("rule", "fixture", "address", "word"),
    [
        ("PS108", "pass", "module.service.aws_ecs_service.this", "requires nothing"),
        ("PS116", "pass", "aws_ecs_service.alone", "FARGATE_SPOT"),
        ("PS117", "pass", "aws_security_group.in_place", "15 minutes"),
        ("PS707", "pass", "module.service.aws_ecs_service.this[0]", "300 seconds"),
        ("PS703", "pass_forgotten", "aws_s3_bucket.main", "forgets"),
    ],
)
def test_a_pass_may_carry_a_note(rule: str, fixture: str, address: str, word: str) -> None:
    [note] = judged(rule, fixture, address).finding.notes
    assert word in note.text
