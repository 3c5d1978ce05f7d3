"""The pages of rules: what their fixtures show, short and in the words of the report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from policyscan.engine import load_pack
from policyscan.report.rule_pages import rule_pages
from policyscan.workbench.example import examples_of
from policyscan.workbench.fixture import fixtures_of
from tests.packs import write_pack
from tests.plans import change, document

RULE = """
from policyscan.rule import Known, Phase, Rule, Severity, Step, fail, passed

RULE = Rule("ACME001", "bucket-unnamed", "ACME", Severity.HIGH, "A bucket has a name",
            ("aws_s3_bucket",))


def check(platform, parameters):
    for bucket in platform.graph.of_type("aws_s3_bucket"):
        at = bucket.address
        path = (Step(at, "bucket"), *(Step(each.address) for each in
                platform.graph.of_type("aws_kms_key")))
        if isinstance(bucket.value("bucket"), Known):
            yield passed(at, "it has a name", path=path[:1])
        else:
            yield fail(at, "it has no name", path=path, fix="name it", strikes=Phase.APPLY)
"""
FAILING = """provider "aws" {
  region = "us-east-1"
}

# A key, and the bucket that has it.

# Nobody named it.
resource "aws_s3_bucket" "bare" {
}

resource "aws_s3_bucket" "longer" {
  force_destroy = true
}

resource "aws_kms_key" "key" {
}
"""
PASSING = 'resource "aws_s3_bucket" "named" {\n  bucket = "a"\n}\n'


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    folder = write_pack(tmp_path / "rules", rule=RULE)
    named = change("aws_s3_bucket.named", after={"bucket": "a"})
    buckets = [change(f"aws_s3_bucket.{name}") for name in ("bare", "longer")]
    traps = {"it has no name in the console": "aws_s3_bucket.named"}
    for name, text, changes, expected in (
        ("fail", FAILING, [*buckets, change("aws_kms_key.key")], {}),
        ("pass", PASSING, [named], {"traps": traps}),
    ):
        case = tmp_path / "fixtures" / "rules" / "ACME001" / name
        case.mkdir(parents=True)
        (case / "main.tf").write_text(text)
        (case / "plan.json").write_text(json.dumps(document(changes)))
        (case / "expected.json").write_text(json.dumps(expected))
    return folder


def pages(pack: Path) -> dict[str, str]:
    rules = load_pack(pack)
    folder = pack.parent / "docs" / "rules"
    return rule_pages(rules, examples_of(rules, fixtures_of(pack), folder))


def test_a_page_shows_what_fails_how_it_is_reported_and_what_passes(pack: Path) -> None:
    page = pages(pack)["ACME001.md"]
    assert (
        page[page.index("## Example") :]
        == """## Example

This fails:

```hcl
# Nobody named it.
resource "aws_s3_bucket" "bare" {
}

resource "aws_kms_key" "key" {
}
```

It is reported as

```text
ACME001 bucket-unnamed  high  aws_s3_bucket.bare
    it has no name
    Why:
    1. aws_s3_bucket.bare . bucket
    2. aws_kms_key.key
    Fix: name it
```

This passes:

```hcl
resource "aws_s3_bucket" "named" {
  bucket = "a"
}
```

## Looks alike

- it has no name in the console: [`aws_s3_bucket.named`]({link}) gets pass
""".replace("{link}", "../../fixtures/rules/ACME001/pass/main.tf")
    )


def test_the_index_says_of_each_rule_how_bad_it_is_and_when_it_strikes(pack: Path) -> None:
    index = pages(pack)["README.md"]
    assert index.splitlines()[-5:] == [
        "## ACME",
        "",
        "| rule | severity | strikes | holds when |",
        "| --- | --- | --- | --- |",
        "| [ACME001 bucket-unnamed](ACME001.md) | high | apply | A bucket has a name |",
    ]


def test_a_rule_without_fixtures_has_a_page_without_example(pack: Path) -> None:
    for case in fixtures_of(pack):
        (case.folder / "main.tf").unlink()
        (case.folder / "expected.json").unlink()
    made = pages(pack)
    assert "## Example" not in made["ACME001.md"]
    assert "| high | - |" in made["README.md"]


def test_a_page_does_not_depend_on_where_it_is_made(
    pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = pages(pack)
    monkeypatch.chdir(pack.parent)
    assert pages(Path("rules")) == whole
    assert str(pack.parent) not in "".join(whole.values())
