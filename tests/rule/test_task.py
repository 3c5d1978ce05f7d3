"""The numbers of task definitions and containers, and what runs on Fargate."""

from __future__ import annotations

from typing import Any

import pytest

from policyscan.plan import ABSENT, Known, Taken, Template, Unknown, Value
from policyscan.rule import (
    Certainty,
    Container,
    Task,
    cpu_units,
    is_size,
    least_platform,
    listed,
    load_table,
    mebibytes,
    nearest_size,
    number,
    required_by,
    setting,
)
from tests.rule.platforms import Made, Refs, made, platform_of, resource_of, standing

URL = Template((Taken("aws_ecr_repository.r", "repository_url"),))


def definition(**arguments: Any) -> Made:
    return made("aws_ecs_task_definition.t", family="t", **arguments)


def service(name: str = "s", **arguments: Any) -> Made:
    refers = Refs("aws_ecs_task_definition.t.arn")
    return made(f"aws_ecs_service.{name}", task_definition=refers, **arguments)


def task(*entries: Made) -> Task:
    [found] = platform_of(*entries).tasks
    return found


def container(**settings: Any) -> Container:
    return Container("app", "nginx", settings)


@pytest.mark.parametrize(
    ("value", "units"),
    [
        (Known("256"), 256),
        (Known(256), 256),
        (Known(".25 vCPU"), 256),
        (Known("1 vcpu"), 1024),
        (Known("0.5vCPU"), 512),
        (Known("half a vCPU"), None),
        (Known("256MB"), None),
        (Unknown(), None),
        (ABSENT, None),
    ],
)
def test_cpu_is_read_in_units_or_in_vcpus(value: Value, units: int | None) -> None:
    assert cpu_units(value) == units


@pytest.mark.parametrize(
    ("value", "size"),
    [
        (Known("512"), 512),
        (Known("0.5GB"), 512),
        (Known("2 gb"), 2048),
        (Known("2 GiB"), None),
        (ABSENT, None),
    ],
)
def test_memory_is_read_in_mebibytes_or_in_gigabytes(value: Value, size: int | None) -> None:
    assert mebibytes(value) == size


@pytest.mark.parametrize(
    ("cpu", "memory", "expected"),
    [
        (256, 512, True),
        (256, 4096, False),
        (8192, 18432, False),
        (16384, 122880, True),
        (32768, 122880, None),
        (32768, 1024, False),
        (None, 512, False),
        (256, None, False),
    ],
)
def test_fargate_sells_the_sizes_of_the_table(
    cpu: int | None, memory: int | None, *, expected: bool | None
) -> None:
    assert is_size(cpu, memory) is expected


def test_the_table_holds_the_certain_pairs_and_the_disputed_ones() -> None:
    table = load_table("fargate_sizes")
    assert sum(map(len, table["sizes"].values())) == 74
    assert table["disputed"] == {"32768": [61440, 122880, 249856]}


@pytest.mark.parametrize(
    ("size", "nearest"),
    [
        ((256, 4096), (512, 4096)),
        ((1024, 1024), (1024, 2048)),
        ((None, None), (256, 512)),
        ((16384, 999999), (16384, 122880)),
    ],
)
def test_the_nearest_size_is_no_smaller_where_there_is_one(
    size: tuple[int | None, int | None], nearest: tuple[int, int]
) -> None:
    assert nearest_size(*size) == nearest


@pytest.mark.parametrize(
    ("cpu", "version", "least"),
    [
        (8192, "1.3.0", "1.4.0"),
        (8192, "1.4.0", ""),
        (8192, "LATEST", ""),
        (4096, "1.3.0", ""),
        (16384, "1.10.0", ""),
    ],
)
def test_large_tasks_need_a_platform_version(cpu: int, version: str, least: str) -> None:
    assert least_platform(cpu, version) == least


@pytest.mark.parametrize(
    ("requires", "expected"),
    [
        (["FARGATE"], ("FARGATE",)),
        (["FARGATE", "EC2"], ("EC2", "FARGATE")),
        (Refs("terraform_data.x.output"), None),
        ([], ()),
    ],
)
def test_a_definition_says_what_it_requires(
    requires: Any, expected: tuple[str, ...] | None
) -> None:
    platform = platform_of(definition(requires_compatibilities=requires))
    assert required_by(resource_of(platform, "aws_ecs_task_definition.t")) == expected


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ((definition(requires_compatibilities=["FARGATE"]),), True),
        ((definition(requires_compatibilities=["EC2"]),), False),
        ((definition(),), False),
        ((definition(), service(launch_type="FARGATE")), True),
        ((definition(), service(launch_type="EC2")), False),
        ((definition(), service(launch_type=Refs("terraform_data.x.output"))), None),
        ((definition(requires_compatibilities=Refs("terraform_data.x.output")),), None),
        (
            (definition(), service("a", launch_type="EC2"), service("b", launch_type="FARGATE")),
            True,
        ),
    ],
)
def test_definition_or_service_say_that_it_runs_on_fargate(
    entries: tuple[Made, ...], *, expected: bool | None
) -> None:
    assert task(*entries).runs_on_fargate is expected


def test_the_service_that_says_so_is_kept_as_the_reason() -> None:
    found = task(definition(), service("a", launch_type="EC2"), service("b", launch_type="FARGATE"))
    assert found.reason is not None
    assert (found.reason.address, found.certainty) == ("aws_ecs_service.b", Certainty.PROVEN)
    assert [each.address for each in found.services] == ["aws_ecs_service.a", "aws_ecs_service.b"]
    assert task(definition(requires_compatibilities=["FARGATE"])).reason is None


def test_a_definition_that_this_plan_deletes_is_no_task() -> None:
    gone = standing("aws_ecs_task_definition.t", "delete", family="t")
    assert platform_of(gone).tasks == ()


@pytest.mark.parametrize(
    ("settings", "path", "expected"),
    [
        ({"cpu": 256}, "cpu", Known(256)),
        ({"cpu": None}, "cpu", ABSENT),
        ({}, "cpu", ABSENT),
        ({"hostname": URL}, "hostname", Unknown(template=URL)),
        ({"linuxParameters": {"swappiness": 0}}, "linuxParameters.swappiness", Known(0)),
        ({"linuxParameters": None}, "linuxParameters.swappiness", ABSENT),
        ({"linuxParameters": ["x"]}, "linuxParameters.swappiness", ABSENT),
    ],
)
def test_a_setting_is_known_unknown_or_absent(
    settings: dict[str, Any], path: str, expected: Value
) -> None:
    assert setting(container(**settings), path) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [(256, 256), ("256", 256), (256.0, 256), (True, None), ("much", None), (URL, None)],
)
def test_a_number_is_read_however_it_is_written(written: Any, expected: int | None) -> None:
    assert number(container(cpu=written), "cpu") == expected


def test_only_a_list_has_members() -> None:
    assert listed(container(links=["a", "b"]), "links") == ("a", "b")
    assert listed(container(links="a"), "links") == ()
    assert listed(container(), "links") == ()
