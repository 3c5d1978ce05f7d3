"""The gRPC server as Terraform core sees it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import grpc

from policyscan.planner.data_sources import Known
from policyscan.planner.protocol import MESSAGES, PROCEDURES, SERVICE
from policyscan.planner.server import serve
from policyscan.planner.strategy import Unknown
from policyscan.planner.vendors import load_vendors
from policyscan.planner.wire import UNKNOWN, decode, encode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

import pytest

AWS = "registry.terraform.io/hashicorp/aws"


@pytest.fixture
def reattach(tmp_path: Path) -> Iterator[dict[str, Any]]:
    """The providers of a configuration that mentions two types, served."""
    vendors = load_vendors(frozenset({"aws_sqs_queue", "random_pet"}))
    providers = [vendor.provider(Unknown(), Known(), tmp_path) for vendor in vendors]
    with serve(providers, os.getpgrp()) as value:
        yield json.loads(value)


def call(channel: grpc.Channel, name: str, **fields: Any) -> Any:
    procedure = PROCEDURES[name]
    remote = channel.unary_unary(
        f"/{SERVICE}/{name}",
        request_serializer=MESSAGES[procedure.request].SerializeToString,
        response_deserializer=MESSAGES[procedure.response].FromString,
    )
    return remote(MESSAGES[procedure.request](**fields), timeout=10)


def value(content: Any) -> Any:
    return MESSAGES["DynamicValue"](msgpack=encode(content))


def channel(reattach: dict[str, Any], address: str = AWS) -> grpc.Channel:
    # A pool of its own gives each channel a connection of its own, as each alias has in core.
    options = [("grpc.use_local_subchannel_pool", 1)]
    return grpc.insecure_channel(reattach[address]["Addr"]["String"], options=options)


def test_the_providers_asked_for_are_attached_under_both_registries(
    reattach: dict[str, Any],
) -> None:
    names = ("aws", "random")
    assert sorted(reattach) == sorted(
        f"registry.{registry}/hashicorp/{name}"
        for registry in ("opentofu.org", "terraform.io")
        for name in names
    )
    ports = {one["Addr"]["String"] for one in reattach.values()}
    assert len(ports) == len(names)
    assert {one["ProtocolVersion"] for one in reattach.values()} == {6}


def test_the_schema_holds_only_the_types_mentioned(reattach: dict[str, Any]) -> None:
    with channel(reattach) as connected:
        schema = call(connected, "GetProviderSchema")
    assert [entry.key for entry in schema.resource_schemas] == ["aws_sqs_queue"]
    attributes = {each.name: each for each in schema.resource_schemas[0].value.block.attributes}
    assert (attributes["arn"].computed, attributes["arn"].optional) == (True, False)
    assert json.loads(attributes["tags"].type) == ["map", "string"]
    assert "region" in {each.name for each in schema.provider.block.attributes}


def test_each_caller_has_a_configuration_of_its_own(reattach: dict[str, Any]) -> None:
    with channel(reattach) as schema_channel:
        served = call(schema_channel, "GetProviderSchema").resource_schemas[0].value.block
    empty = {each.name: None for each in served.attributes}
    empty |= {each.type_name: None for each in served.block_types}
    planned = []
    with channel(reattach) as first, channel(reattach) as second:
        for connected, region in ((first, "eu-west-1"), (second, "us-west-2")):
            call(connected, "ConfigureProvider", config=value({"region": region}))
        for connected in (first, second):
            response = call(
                connected,
                "PlanResourceChange",
                type_name="aws_sqs_queue",
                prior_state=value(None),
                proposed_new_state=value(empty),
                config=value(empty),
            )
            planned.append(decode(response.planned_state.msgpack))
    assert [each["region"] for each in planned] == ["eu-west-1", "us-west-2"]
    assert [each["arn"] for each in planned] == [UNKNOWN, UNKNOWN]
    assert response.legacy_type_system is True


def test_a_faithful_plan_refuses_to_be_applied(reattach: dict[str, Any]) -> None:
    with channel(reattach) as connected:
        call(connected, "ConfigureProvider", config=value({"region": "eu-west-1"}))
        response = call(
            connected,
            "ApplyResourceChange",
            type_name="aws_sqs_queue",
            prior_state=value(None),
            planned_state=value({}),
        )
    assert [each.summary for each in response.diagnostics] == [
        "aws_sqs_queue: a faithful plan is not for applying"
    ]
