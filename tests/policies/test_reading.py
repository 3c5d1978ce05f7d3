"""A policy file is read as it is written, and told all that is wrong with it, with its lines."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from policyscan.engine import load_pack
from policyscan.engine.policy_language import parse_policy
from policyscan.errors import PackError
from policyscan.rule import Severity
from tests.cli.commands import ROOT, run

METADATA = """
metadata:
  id: CKV2_CUSTOM_1
  name: A bucket is private
  category: NETWORKING
"""
ATTRIBUTE = """
cond_type: attribute
resource_types: [aws_s3_bucket]
attribute: acl
operator: equals
value: private
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "policy.yaml"
    path.write_text(text.lstrip("\n"))
    return path


def defined(folder: Path, definition: str, metadata: str = METADATA) -> Path:
    inner = textwrap.indent(definition.strip("\n"), "  ")
    return written(folder, f"{metadata}definition:\n{inner}\n")


def problems(path: Path) -> list[str]:
    return [f"{each.line}: {each.text}" for each in parse_policy(path)[1]]


@pytest.mark.parametrize(
    "identity", ["CKV2_CUSTOM_1", "CUSTOM_AWS_7", "CKV_AWS_21", "ACME001", "team-a-3"]
)
def test_a_policy_may_have_the_id_its_team_gave_it(tmp_path: Path, identity: str) -> None:
    defined(tmp_path, ATTRIBUTE, METADATA.replace("CKV2_CUSTOM_1", identity))
    (rule,) = load_pack(tmp_path)
    assert (rule.rule.id, rule.rule.title) == (identity, "A bucket is private")
    assert (rule.rule.group, rule.rule.types) == ("NETWORKING", ("aws_s3_bucket",))


@pytest.mark.parametrize(
    ("said", "severity"),
    [
        ("", Severity.MEDIUM),
        ("CRITICAL", Severity.CRITICAL),
        ("important", Severity.HIGH),
        ("MODERATE", Severity.MEDIUM),
        ("NONE", Severity.LOW),
    ],
)
def test_a_severity_of_checkov_is_one_of_ours(
    tmp_path: Path, said: str, severity: Severity
) -> None:
    extra = f"  severity: {said}\n" if said else ""
    policy, _ = parse_policy(defined(tmp_path, ATTRIBUTE, METADATA + extra))
    assert policy is not None
    assert policy.rule.severity is severity


def test_a_policy_that_is_off_is_not_run_and_is_no_fault(tmp_path: Path) -> None:
    path = defined(tmp_path, ATTRIBUTE, METADATA + '  severity: "OFF"\n')
    assert parse_policy(path) == (None, ())


@pytest.mark.parametrize("text", ["", "a: 1\n", "- 1\n", "# nothing\n"])
def test_a_file_with_neither_metadata_nor_definition_is_no_policy(
    tmp_path: Path, text: str
) -> None:
    assert parse_policy(written(tmp_path, text)) == (None, ())


@pytest.mark.parametrize(
    ("changed", "to", "told"),
    [
        ("attribute: acl\n", "", "6: attribute is missing"),
        ("operator: equals\n", "", "6: operator is missing"),
        ("value: private\n", "", "6: value is missing: equals takes a value"),
        ("equals", "equal", "9: 'equal' is no operator; did you mean 'equals'?"),
        ("equals", "jsonpath_equal", "9: 'jsonpath_equal' is no operator; did you mean 'equals'?"),
        ("attribute: acl", "attribute: [acl]", "8: attribute is ['acl'], not a text"),
        ("[aws_s3_bucket]", "['aws s3']", "7: 'aws s3' is no resource type, such as aws_s3_bucket"),
        (
            "cond_type: attribute",
            "cond_type: atribute",
            "6: 'atribute' is no cond_type; did you mean 'attribute'?",
        ),
        (
            "operator: equals\nvalue: private",
            "operator: length_equals\nvalue: many",
            "10: length_equals takes a whole number, not 'many'",
        ),
        (
            "operator: equals\nvalue: private",
            "operator: cidr_range_subset\nvalue: [10.0.0.0/99]",
            (
                "10: cidr_range_subset takes a network such as 10.0.0.0/8, or a list of them, not "
                "['10.0.0.0/99']"
            ),
        ),
        (
            "operator: equals\nvalue: private",
            "operator: range_includes\nvalue: [80, http]",
            (
                "10: range_includes takes a whole number, a range such as 1000-2000, or a list of "
                "them, not 'http'"
            ),
        ),
    ],
)
def test_what_is_wrong_with_a_condition_is_told_with_its_line(
    tmp_path: Path, changed: str, to: str, told: str
) -> None:
    assert problems(defined(tmp_path, ATTRIBUTE.replace(changed, to))) == [told]


def test_everything_that_is_wrong_with_a_policy_is_told_at_once(tmp_path: Path) -> None:
    definition = """
    and:
      - cond_type: filter
        attribute: resource_type
        operator: within
      - cond_type: connection
        resource_types: [aws_s3_bucket]
        operator: exist
      - cond_type: attribute
        attribute: "a[?(@.b"
        operator: jsonpath_exists
      - not:
          - cond_type: resource
            resource_types: [aws_s3_bucket]
            operator: exists
          - cond_type: resource
            resource_types: [aws_s3_bucket]
            operator: exists
      - attribute: acl
    """
    metadata = "metadata:\n  id: 1 2\n  severity: SEVERE\n"
    assert problems(defined(tmp_path, textwrap.dedent(definition), metadata)) == [
        "2: '1 2' is no policy id, such as CKV2_CUSTOM_1",
        "2: metadata.category is missing",
        "2: metadata.name is missing",
        (
            "3: 'SEVERE' is no severity; there are CRITICAL, HIGH, IMPORTANT, MEDIUM, MODERATE, "
            "LOW, INFO, NONE, OFF"
        ),
        "6: value is missing: a filter takes a list of values",
        "9: connected_resource_types is missing: a list such as [aws_s3_bucket], or all",
        "11: 'exist' is no operator of a connection; did you mean 'exists'?",
        "13: JSONPath 'a[?(@.b' is not understood from '' on",
        "16: not holds one condition, not several: join them by and",
        "22: cond_type is missing: one of attribute, connection, filter, resource",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "metadata: {\n",
            "2: not YAML: expected the node content, but found '<stream end>'",
        ),
        (
            "metadata: &a\n  b: *a\ndefinition: {}\n",
            "1: an alias in it leads back to itself",
        ),
        ("metadata:\n  ? [a]\n  : b\n", "2: a list or map is no name of an entry"),
        (METADATA.lstrip() + "---\na: 1\n", "5: not YAML: but found another document"),
    ],
)
def test_what_is_no_single_yaml_document_is_told(tmp_path: Path, text: str, told: str) -> None:
    assert problems(written(tmp_path, text)) == [told]


def test_a_key_given_twice_is_told_for_one_of_them_would_be_lost(tmp_path: Path) -> None:
    path = defined(tmp_path, ATTRIBUTE + "operator: not_equals\n")
    assert problems(path) == ["11: operator is there twice: one of them would be lost"]


def test_a_broken_policy_ends_a_scan_with_2_and_a_line_for_each_fault(tmp_path: Path) -> None:
    path = defined(tmp_path, ATTRIBUTE.replace("equals", "equal").replace("aws_s3_bucket", "a b"))
    done = run(ROOT / "fixtures" / "policies" / "plan.json", "--pack", tmp_path)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode().splitlines() == [
        f"policyscan: {path}:7: 'a b' is no resource type, such as aws_s3_bucket",
        f"policyscan: {path}:9: 'equal' is no operator; did you mean 'equals'?",
    ]


def test_two_policies_of_one_id_are_told_of_each_other(tmp_path: Path) -> None:
    first = defined(tmp_path, ATTRIBUTE)
    second = tmp_path / "second.yml"
    second.write_text(first.read_text())
    with pytest.raises(PackError, match="CKV2_CUSTOM_1 is already the id of") as told:
        load_pack(tmp_path)
    assert f"{second}:2: " in str(told.value)
