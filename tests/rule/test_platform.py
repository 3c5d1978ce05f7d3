"""What services run, whether they run at all, and what the source says of a resource."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from policyscan.rule import Platform
from policyscan.source import read_source
from tests.rule.platforms import Made, Refs, made, platform_of, resource_of, standing

LOOSE = made("terraform_data.x", output=Refs())
UNKNOWN = Refs("terraform_data.x.output")


def definition(name: str) -> Made:
    return made(f"aws_ecs_task_definition.{name}", family=name, arn=Refs())


def service(*names: str, **more: Any) -> Made:
    arns = [f"aws_ecs_task_definition.{each}.arn" for each in names]
    refers = Refs(*arns, *(["var.which"] if len(names) > 1 else []))
    return made("aws_ecs_service.s", name="s", **({"task_definition": refers} | more))


@pytest.mark.parametrize(
    ("entries", "address", "why"),
    [
        ((service("t"), definition("t")), "aws_ecs_task_definition.t", ""),
        (
            (service("t", "u"), definition("t"), definition("u")),
            "",
            "which of aws_ecs_task_definition.t, aws_ecs_task_definition.u it runs",
        ),
        ((service(task_definition="app:3"),), "", "it is not in this plan"),
        ((service(task_definition=Refs("local.definition")),), "", "local.definition"),
        (
            (
                made("data.aws_ecs_task_definition.t", arn=Refs()),
                service(task_definition=Refs("data.aws_ecs_task_definition.t.arn")),
            ),
            "",
            "it is not in this plan",
        ),
    ],
)
def test_a_service_runs_the_one_task_definition_it_names(
    entries: tuple[Made, ...], address: str, why: str
) -> None:
    platform = platform_of(*entries)
    found, reason = platform.definition_of(platform.services[0])
    assert (found.address if found else "") == address
    assert why in reason
    assert bool(reason) is bool(why)


def test_task_definitions_that_go_are_none() -> None:
    old = standing("aws_ecs_task_definition.old", "delete", family="old")
    platform = platform_of(definition("t"), old)
    assert [each.name for each in platform.task_definitions] == ["t"]


def scaled(**capacity: Any) -> Made:
    return made(
        "aws_appautoscaling_target.t",
        resource_id="service/default/s",
        service_namespace="ecs",
        scalable_dimension="ecs:service:DesiredCount",
        **capacity,
    )


@pytest.mark.parametrize(
    ("arguments", "others", "expected"),
    [
        ({"desired_count": 0}, (), True),
        ({}, (), True),
        ({"desired_count": 1}, (), False),
        ({"desired_count": UNKNOWN}, (), False),
        ({"desired_count": 0, "scheduling_strategy": "DAEMON"}, (), False),
        ({"desired_count": 0}, (scaled(min_capacity=0),), True),
        ({"desired_count": 0}, (scaled(min_capacity=2),), False),
        ({"desired_count": 0}, (scaled(min_capacity=UNKNOWN),), False),
    ],
)
def test_a_service_starts_nothing_when_it_asks_for_no_task_and_nobody_lifts_that(
    arguments: dict[str, Any], others: tuple[Made, ...], *, expected: bool
) -> None:
    platform = platform_of(LOOSE, made("aws_ecs_service.s", name="s", **arguments), *others)
    assert platform.starts_nothing(platform.services[0]) is expected


def written(folder: Path, lifecycle: str) -> Platform:
    (folder / "main.tf").write_text(f'resource "aws_ecs_service" "s" {{\n{lifecycle}\n}}\n')
    return platform_of(made("aws_ecs_service.s", name="s"), source=read_source(folder))


@pytest.mark.parametrize(
    ("lifecycle", "prevents", "ignores"),
    [
        ("", False, False),
        ("  lifecycle {\n    prevent_destroy = true\n  }", True, False),
        ("  lifecycle {\n    prevent_destroy = false\n  }", False, False),
        ("  lifecycle {\n    ignore_changes = [desired_count]\n  }", False, True),
        ("  lifecycle {\n    ignore_changes = all\n  }", False, True),
        ("  lifecycle {\n    ignore_changes = [name]\n  }", False, False),
    ],
)
def test_the_source_tells_what_a_lifecycle_says(
    tmp_path: Path, lifecycle: str, *, prevents: bool, ignores: bool
) -> None:
    platform = written(tmp_path, lifecycle)
    resource = resource_of(platform, "aws_ecs_service.s")
    assert platform.prevents_destroy(resource) is prevents
    assert platform.ignores_changes(resource, "desired_count") is ignores


def test_without_source_nobody_knows_what_a_lifecycle_says() -> None:
    platform = platform_of(made("aws_ecs_service.s", name="s"))
    resource = resource_of(platform, "aws_ecs_service.s")
    assert platform.prevents_destroy(resource) is None
    assert platform.ignores_changes(resource, "desired_count") is None
