"""The ports a container declares."""

from __future__ import annotations

from typing import Any

import pytest

from policyscan.plan import Taken, Template
from policyscan.rule import Container, PortMapping, clashes, mappings_of, named_ports
from tests.rule.platforms import Refs, made, platform_of, resource_of


def container(*mappings: Any) -> Container:
    return Container("app", "nginx", {"portMappings": list(mappings)})


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [
        ({"containerPort": 80}, PortMapping("", 80, 80, "tcp")),
        ({"containerPort": "80", "hostPort": "81"}, PortMapping("", 80, 80, "tcp", 81)),
        ({"containerPort": 53, "protocol": "UDP"}, PortMapping("", 53, 53, "udp")),
        ({"containerPort": 80, "hostPort": 0}, PortMapping("", 80, 80, "tcp")),
        ({"containerPortRange": "80-90", "name": "web"}, PortMapping("web", 80, 90, "tcp")),
    ],
)
def test_a_port_mapping_is_read(mapping: dict[str, Any], expected: PortMapping) -> None:
    assert mappings_of(container(mapping)) == (expected,)


@pytest.mark.parametrize(
    "mapping",
    [{}, {"containerPort": "http"}, {"containerPort": Template((Taken("a.b", "c"),))}, 80],
)
def test_a_port_that_is_no_number_is_not_told(mapping: Any) -> None:
    assert mappings_of(container({"containerPort": 80}, mapping)) is None


def test_a_container_without_mappings_declares_none() -> None:
    assert mappings_of(Container("app", "nginx", {})) == ()
    assert mappings_of(Container("app", "nginx", {"portMappings": None})) == ()


def test_a_range_holds_its_ends() -> None:
    mapping = PortMapping("", 80, 90, "tcp")
    assert [port for port in (79, 80, 90, 91) if port in mapping] == [80, 90]


WEB = {"containerPort": 80}


@pytest.mark.parametrize(
    ("containers", "expected"),
    [
        ([container(WEB), container({"containerPort": 81})], []),
        ([container(WEB), container(WEB)], [(80, "app")]),
        ([container(WEB, {**WEB, "protocol": "udp"})], []),
        ([container({**WEB, "hostPort": 81})], [(80, "")]),
        ([container({**WEB, "hostPort": 80})], []),
    ],
)
def test_containers_of_one_task_share_its_ports(
    containers: list[Container], expected: list[tuple[int, str]]
) -> None:
    found = [(each.mapping.first, each.other) for each in clashes(tuple(containers))]
    assert found == expected


def test_a_service_names_ports_for_three_purposes() -> None:
    service = made(
        "aws_ecs_service.s",
        load_balancer=[
            {"container_name": "app", "container_port": 80},
            {"container_name": "", "container_port": 0},
        ],
        service_registries=[{"registry_arn": "arn"}, {"container_name": Refs("local.name")}],
        service_connect_configuration=[{"service": [{"port_name": "http"}]}],
    )
    platform = platform_of(service)
    found = [
        (each.path, each.is_by_name)
        for each in named_ports(resource_of(platform, "aws_ecs_service.s"))
    ]
    assert found == [
        ("load_balancer[0]", False),
        ("service_registries[1]", False),
        ("service_connect_configuration[0].service[0]", True),
    ]
