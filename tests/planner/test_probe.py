"""The probe, asked about the offline provider itself: it has to find what the tables say."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from policyscan.errors import PlannerError
from policyscan.planner.schema import (
    Attribute,
    Block,
    NestedBlock,
    ProviderSchema,
    load_hints,
    load_schema,
)
from policyscan.planner.schema.plugin import started
from policyscan.planner.schema.probe import probe
from policyscan.planner.schema.sample import Sampler, proposed, settled
from policyscan.planner.schema.tabulate import rows, undecided
from policyscan.planner.wire import UNKNOWN

if TYPE_CHECKING:
    from pathlib import Path

AWS = "registry.terraform.io/hashicorp/aws"
TYPES = ("aws_cloudwatch_log_group", "aws_ecs_cluster", "aws_eip", "aws_vpc")
PROVIDER = """#!{python}
import json, os, pathlib, sys, time
from policyscan.planner.data_sources import Known
from policyscan.planner.server import serve
from policyscan.planner.strategy import Unknown
from policyscan.planner.vendors import load_vendors

(vendor,) = [
    each for each in load_vendors(frozenset({types!r})) if each.schema.address == {aws!r}
]
with serve([vendor.provider(Unknown(), Known(), pathlib.Path())], os.getpgrp()) as reattach:
    address = json.loads(reattach)[{aws!r}]["Addr"]["String"]
    print("1|6|tcp|" + address + "|grpc", flush=True)
    time.sleep(60)
"""
LEAF = Attribute(type="string", optional=True)
BLOCK = Block(
    attributes={"name": Attribute(type="string", required=True), "note": LEAF},
    block_types={
        "part": NestedBlock("list", Block({"size": Attribute("number", optional=True)})),
        "pair": NestedBlock("set", Block({"key": Attribute("string", required=True)}), 2, 2),
    },
)


def executable(folder: Path, text: str) -> Path:
    file = folder / "provider"
    file.write_text(text)
    file.chmod(0o755)
    return file


@pytest.fixture(scope="module")
def schema() -> ProviderSchema:
    return load_schema(AWS, frozenset(TYPES))


def test_a_probe_of_the_offline_provider_finds_what_its_tables_say(
    tmp_path: Path, schema: ProviderSchema
) -> None:
    text = PROVIDER.format(python=sys.executable, types=TYPES, aws=AWS)

    facts = probe(executable(tmp_path, text), schema.provider, schema.resources)

    hints = load_hints(AWS)
    for name in TYPES:
        found, known = facts[name], hints[name]
        assert found["defaults"] == {**known.defaults, "region": "us-east-1"}
        assert set(found["force_new"]) == set(known.force_new)
        assert set(found.get("computed_blocks", ())) == set(known.computed_blocks)
        assert "undecided" not in found


def test_a_program_that_is_no_provider_is_refused(tmp_path: Path) -> None:
    silent = executable(tmp_path, "#!/bin/sh\necho 1.0\n")

    with (
        pytest.raises(
            PlannerError, match=r"provider: no provider of protocol 5 or 6; name its binary"
        ),
        started(silent, {}),
    ):
        pass


def test_a_sample_is_bare_has_every_block_or_every_argument() -> None:
    sampler = Sampler(BLOCK, {("name",): ("one", "two")})
    pair = [{"key": "xx"}, {"key": "yy"}]

    assert sampler.bare() == {"name": "one", "note": None, "part": [], "pair": pair}
    assert sampler.with_blocks() == sampler.bare() | {"part": [{"size": None}]}
    assert sampler.full(other=True) == {
        "name": "two",
        "note": "yy",
        "part": [{"size": 2}],
        "pair": pair[::-1],
    }
    assert sampler.with_leaf(("part", "size")) == sampler.bare() | {"part": [{"size": 1}]}
    assert [*sampler.blocks()] == [("part",)]


def test_core_proposes_what_was_there_and_apply_settles_what_is_unknown() -> None:
    block = Block({"id": Attribute("string", optional=True, computed=True), "note": LEAF})

    assert settled(block, {"id": UNKNOWN, "note": None}, None) == {"id": "xx", "note": None}
    assert proposed(block, {"id": None, "note": "b"}, {"id": "xx", "note": "a"}) == {
        "id": "xx",
        "note": "b",
    }


def test_a_type_is_undecided_where_no_probe_has_been(schema: ProviderSchema) -> None:
    now = schema.resources
    vpc = now["aws_vpc"]
    older = {"aws_vpc": Block({name: vpc.attributes[name] for name in ("cidr_block", "tags")})}

    found = undecided({"aws_vpc": {"undecided": ["cidr_block"]}}, older, now)

    assert found["aws_eip"] == ["*"]
    assert {"cidr_block", "ipv6_cidr_block"} <= set(found["aws_vpc"])
    assert not {"tags", "region", "arn", "timeouts"} & set(found["aws_vpc"])


def test_a_row_keeps_what_no_probe_finds_and_gets_the_facts_the_schema_has_a_place_for() -> None:
    types = load_schema(AWS, frozenset({"aws_accessanalyzer_analyzer", "aws_vpc"})).resources
    facts = {
        "aws_accessanalyzer_analyzer": {
            "defaults": {"type": "ACCOUNT", "gone": 1},
            "force_new": ["analyzer_name", "gone"],
        },
        "aws_vpc": {"force_new": ["cidr_block"]},
    }

    made = rows(facts, "9.9", types)

    row = made["aws_accessanalyzer_analyzer"]
    assert row["source"] == "probe 9.9; arn made up after the type"
    assert row["defaults"] == {"type": "ACCOUNT"}
    assert row["force_new"] == ["analyzer_name"]
    assert row["applied"]["arn"].startswith("arn:")
    assert "aws_vpc" not in made  # it has a row by hand
    assert json.dumps(made)
