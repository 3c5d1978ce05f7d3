"""The ports a container declares."""

from __future__ import annotations

from typing import Any

import pytest

from policyscan.plan import Taken, Template
from policyscan.rule import Container, PortMapping, mappings_of


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
