"""The tables rules look up: their shape, and that they say what the provider's schema says."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from policyscan.engine import built_in_pack, load_pack
from policyscan.errors import PackError
from policyscan.planner.schema.hints import load_hints
from policyscan.rule import load_table
from policyscan.rule.tables import FOLDER, read_table
from policyscan.rule.tables.check import main as check
from policyscan.rule.tables.check import problems_of
from policyscan.rule.tables.extract import main, name_attributes, read_schema, tables

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "policyscan" / "planner" / "schema" / "aws.zip"
NAMES = tuple(sorted(file.stem for file in FOLDER.glob("*.json")))
GIVEN = {"type": "string", "optional": True}
KINDS = {
    "final-snapshot",
    "force",
    "lock",
    "note",
    "protection",
    "recovery-window",
    "retain",
    "retention-days",
}


@pytest.fixture(scope="module")
def resources() -> Mapping[str, Any]:
    """The provider's resource schemas by type."""
    (provider,) = read_schema(SCHEMA)["provider_schemas"].values()
    schemas: Mapping[str, Any] = provider["resource_schemas"]
    return schemas


def rows() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = load_table("destroyability")["rows"]
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_table_says_its_source_and_date(name: str) -> None:
    assert {"source", "date"} <= load_table(name).keys()


def test_a_table_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(PackError, match=r"colours\.json: no such table; there are destroyability"):
        load_table("colours")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", r"table\.json: cannot be read as JSON"),
        ("[]", r"table\.json: a table is a JSON object"),
        ('{"source": "x", "date": "2026-01-31"}', r"table\.json: days must be a list"),
        ('{"source": "x", "date": "2026-01-31", "days": []}', r"table\.json: days must be a list"),
        ('{"source": "", "date": "2026-01-31", "days": [1]}', r"table\.json: source must be a str"),
        ('{"source": "x", "date": "January", "days": [1]}', r"table\.json: date must look like"),
    ],
)
def test_a_broken_table_says_what_is_wrong_in_one_line(
    tmp_path: Path, text: str, problem: str
) -> None:
    (tmp_path / "table.json").write_text(text)
    with pytest.raises(PackError, match=problem) as raised:
        read_table(tmp_path / "table.json", {"days": list})
    assert str(raised.value).count("\n") == 0


def test_the_schema_gives_the_very_tables_that_are_committed(tmp_path: Path) -> None:
    date = load_table("name_attributes")["date"]
    assert main([str(SCHEMA), "--date", date, "--output", str(tmp_path)]) == 0
    made = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert made == {name: (FOLDER / name).read_text() for name in made}
    assert sorted(made) == ["name_attributes.json", "taggable_types.json"]


def test_a_schema_as_terraform_prints_it_needs_no_provenance() -> None:
    block = {"block": {"attributes": {"name": GIVEN}}}
    schema = {"provider_schemas": {"aws": {"resource_schemas": {"aws_x": block}}}}
    made = json.loads(tables(schema, "2026-01-31")["name_attributes.json"])
    assert made["types"] == {"aws_x": ["name"]}


@pytest.mark.parametrize(
    ("kind", "attributes", "expected"),
    [
        ("aws_lambda_function", ("function_name",), ["function_name"]),
        ("aws_lambda_permission", ("function_name",), []),
        ("aws_s3_bucket", ("bucket", "bucket_prefix"), ["bucket", "bucket_prefix"]),
        ("aws_s3_bucket_policy", ("bucket", "policy"), []),
        ("aws_iam_role", ("name_prefix", "name", "path"), ["name", "name_prefix"]),
        ("aws_ecs_task_definition", ("family",), ["family"]),
        ("aws_db_parameter_group", ("name", "family"), ["name"]),
        ("aws_eks_node_group", ("cluster_name", "node_group_name"), ["node_group_name"]),
        ("aws_elasticache_replication_group", ("replication_group_id",), ["replication_group_id"]),
        ("aws_default_route_table", ("default_route_table_id",), []),
        ("aws_acm_certificate", ("domain_name",), []),
        ("aws_ecs_account_setting_default", ("name",), []),
    ],
)
def test_the_attributes_of_a_name_are_the_types_own(
    kind: str, attributes: tuple[str, ...], expected: list[str]
) -> None:
    assert name_attributes(kind, dict.fromkeys(attributes, GIVEN)) == expected


def test_a_name_that_nobody_can_give_is_none() -> None:
    assert name_attributes("aws_x", {"name": {"type": "string", "computed": True}}) == []


def test_every_table_is_whole_and_speaks_of_what_the_provider_has(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = check(["policyscan/planner/schema/aws.zip"])
    told = capsys.readouterr()
    assert (code, told.err) == (0, "")
    assert [line.split()[:2] for line in told.out.splitlines()] == [["ok", each] for each in NAMES]


@pytest.mark.parametrize(
    ("name", "change", "problem"),
    [
        ("destroyability", ("skip_final_snapshot", "skip_snapshot"), "is not in the schema"),
        ("unset_defaults", ("[*].path", "[*].pat"), "is not in the schema"),
        ("unset_defaults", ("enable_dns_hostnames", "enable_dns_support"), "is told twice"),
        ("taggable_types", ('"aws_vpc"', '"aws_vpn"'), "it is not what the schema gives"),
        ("retention_days", ('"days"', '"weeks"'), "days must be a list that is not empty"),
    ],
)
def test_a_table_gone_wrong_is_told(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    change: tuple[str, str],
    problem: str,
) -> None:
    for each in FOLDER.glob("*.json"):
        (tmp_path / each.name).write_bytes(each.read_bytes())
    broken = tmp_path / f"{name}.json"
    broken.write_text(broken.read_text().replace(*change))
    for module in ("policyscan.rule.tables", "policyscan.rule.tables.check"):
        monkeypatch.setattr(f"{module}.FOLDER", tmp_path)
    load_table.cache_clear()
    try:
        assert problem in "".join(problems_of(name, read_schema(SCHEMA)))
    finally:
        load_table.cache_clear()


def test_a_default_of_an_unset_attribute_has_one_form_and_a_source() -> None:
    rows: list[dict[str, Any]] = load_table("unset_defaults")["rows"]
    assert [row for row in rows if ("value" in row) is ("says" in row)] == []
    assert [row for row in rows if not row.get("evidence")] == []
    keys = [(row["type"], row["attribute"]) for row in rows]
    assert keys == sorted(keys)


def test_a_default_that_looks_unknown_in_a_plan_is_one_the_schema_computes(
    resources: Mapping[str, Any],
) -> None:
    wrong = []
    for row in load_table("unset_defaults")["rows"]:
        block = resources[row["type"]]["block"]
        *nested, name = row["attribute"].split("[*].")
        for each in nested:
            block = block["block_types"][each]["block"]
        # A schema does not say of blocks whether the provider fills them in.
        attribute = block["attributes"].get(name, {"computed": True})
        if bool(attribute.get("computed")) is not row.get("computed", False):
            wrong.append((row["type"], row["attribute"]))
    assert wrong == []


def test_the_offline_planner_fills_in_what_the_table_says() -> None:
    hints = load_hints("registry.terraform.io/hashicorp/aws")
    pairs = [
        (row["value"], given[path])
        for row in load_table("unset_defaults")["rows"]
        if "value" in row and row["type"] in hints
        for given in (hints[row["type"]].defaults, hints[row["type"]].applied)
        if (path := row["attribute"].replace("[*]", "")) in given
    ]
    assert len(pairs) > 20
    assert [each for each in pairs if each[0] != each[1]] == []


def test_destroyability_rows_are_sorted_and_told_once() -> None:
    keys = [(row["kind"], row["type"], row["attribute"]) for row in rows()]
    assert keys == sorted(set(keys))
    assert {kind for kind, _, _ in keys} == KINDS


def test_protection_and_force_rows_are_of_the_form_their_rules_read() -> None:
    read = [row for row in rows() if row["kind"] in {"protection", "force"}]
    assert {row["bad"][0] for row in read} == {"==", "!="}
    forced = [row["type"] for row in read if row["kind"] == "force"]
    assert sorted(set(forced)) == forced


def test_log_groups_may_be_asked_to_keep_the_days_the_api_takes() -> None:
    table = load_table("retention_days")
    [rule] = [each.rule for each in load_pack(built_in_pack()) if each.rule.id == "PS401"]
    [choices] = [one.choices for one in rule.parameters if one.name == "days"]
    assert choices == (table["never"], *table["days"])


def test_loading_the_pack_reads_no_table() -> None:
    program = (
        "from policyscan.engine import built_in_pack, load_pack\n"
        "from policyscan.rule import load_table\n"
        "load_pack(built_in_pack())\n"
        "print(load_table.cache_info().currsize)"
    )
    done = subprocess.run(
        (sys.executable, "-c", program), cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "0"
