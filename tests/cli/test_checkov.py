"""Checkov beside our rules, as a user of `policyscan plan.json` meets it."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from policyscan.bridges import asking
from policyscan.bridges.home import Checkov
from tests.cli.commands import ROOT, run
from tests.conftest import TESTED, SavedPlan
from tests.plans import change, document

REFERENCE = ROOT / "fixtures" / "reference" / "plan.json"
BROKEN = ROOT / "fixtures" / "reference_broken" / "plan.json"
EDGES = ROOT / "fixtures" / "checkov_edges" / "plan.json"

CHECK = """
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

class Own(BaseResourceCheck):
    def __init__(self):
        super().__init__("own", "ACME_1", [CheckCategories.GENERAL_SECURITY], ["aws_lb"])

    def scan_resource_conf(self, conf):
        {body}

check = Own()
"""


def checks(folder: Path, body: str) -> Path:
    """A folder with a check of the user's for load balancers, which does this."""
    made = folder / "checks"
    made.mkdir()
    (made / "__init__.py").touch()
    (made / "acme_own.py").write_text(CHECK.format(body=body), encoding="utf-8")
    return made


def beside(*arguments: str | Path, **env: Any) -> subprocess.CompletedProcess[bytes]:
    """One command line where Checkov is set up."""
    stdin = env.pop("stdin", None)
    return run(*arguments, stdin=stdin, POLICYSCAN_CHECKOV_HOME=os.environ[TESTED], **env)


def report(*arguments: str | Path, **env: Any) -> dict[str, Any]:
    """Its JSON report."""
    done = beside(*arguments, "-f", "json", "--replay", "never", **env)
    assert done.stderr == b""
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def failing(document: dict[str, Any]) -> set[tuple[str, str]]:
    return {
        (each["id"], each["address"]) for each in document["checkov"] if each["verdict"] == "fail"
    }


pytestmark = pytest.mark.usefixtures("checkov")


@pytest.mark.parametrize(("plan", "code"), [(REFERENCE, 0), (BROKEN, 1)])
def test_the_exit_codes_are_those_of_our_rules_at_the_default_threshold(
    plan: Path, code: int
) -> None:
    done = beside(plan, "--replay", "never")
    assert (done.returncode, done.stderr) == (code, b"")
    assert "\nCheckov 3." in done.stdout.decode()


@pytest.mark.parametrize("plan", [REFERENCE, BROKEN, EDGES], ids=lambda path: path.parent.name)
def test_the_stock_verdicts_of_a_report_are_those_of_checkovs_command_line(
    plan: Path, checkov: Checkov
) -> None:
    done = subprocess.run(
        asking.command_line(checkov.python, plan),
        capture_output=True,
        check=False,
        env=asking.environment(),
        text=True,
    )
    own = Counter(tuple(each) for each in asking.read_command_line(done.stdout)["results"])
    found = report(plan)["checkov"]
    told = Counter((each["id"], each["address"], each["stock"]) for each in found if each["stock"])
    assert told == own
    assert len(own) > 20
    stock = report(plan, "--checkov-edges", "stock")["checkov"]
    assert Counter((each["id"], each["address"], each["verdict"]) for each in stock) == own


def test_verdicts_that_our_edges_turn_bear_both() -> None:
    turned = [each for each in report(EDGES)["checkov"] if each["stock"] != each["verdict"]]
    assert turned
    assert {each["id"] for each in turned} >= {"CKV2_AWS_5", "CKV2_AWS_6"}
    text = beside(EDGES, "--replay", "never").stdout.decode()
    assert "with Checkov's\n        own edges" in text or "with Checkov's own edges" in text


def test_every_way_to_give_a_plan_gets_the_same_from_checkov(
    tmp_path: Path, saved_plans: Callable[[str], SavedPlan]
) -> None:
    content = REFERENCE.read_bytes()
    expected = failing(report(REFERENCE, "--no-source"))
    packed, wide, log = (tmp_path / name for name in ("plan.json.gz", "wide.json", "log.json"))
    packed.write_bytes(gzip.compress(content))
    wide.write_text(content.decode(), encoding="utf-16")
    log.write_bytes(b"[command]/usr/bin/terraform show\n" + content + b"\n::debug::done\n")
    for given in (packed, wide, log):
        assert failing(report(given, "--no-source")) == expected
    assert failing(report("-", "--no-source", stdin=content)) == expected
    saved = saved_plans("reference").path
    assert failing(report(saved, "--no-source", PATH=os.environ["PATH"])) == expected
    assert len(expected) > 10


def test_it_may_be_left_out_or_asked_for() -> None:
    left_out = report(REFERENCE, "--no-checkov")
    assert (left_out["summary"]["checkov"], left_out["checkov"]) == ("left out", [])
    assert report(REFERENCE, POLICYSCAN_CHECKOV="0")["summary"]["checkov"] == "left out"
    assert report(REFERENCE, "--checkov")["summary"]["checkov"] == "ran"


def test_never_set_up_is_said_and_our_rules_decide(tmp_path: Path) -> None:
    done = run(REFERENCE, "-f", "json", POLICYSCAN_CHECKOV_HOME=str(tmp_path / "none"))
    assert done.returncode == 0
    assert json.loads(done.stdout)["summary"]["checkov"] == "not set up"
    asked = run(REFERENCE, "--checkov", POLICYSCAN_CHECKOV_HOME=str(tmp_path / "none"))
    assert (asked.returncode, asked.stdout) == (2, b"")
    assert asked.stderr.decode() == (
        "policyscan: Checkov is asked for and not set up; run `policyscan setup`, or --no-checkov\n"
    )


def test_half_set_up_judges_nothing(tmp_path: Path) -> None:
    done = run(REFERENCE, "-o", tmp_path / "report", POLICYSCAN_CHECKOV_HOME=str(tmp_path))
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.decode().count("\n") == 1
    assert "half set up" in done.stderr.decode()
    assert not (tmp_path / "report").exists()


def test_a_check_that_raises_is_an_error_of_the_scan(tmp_path: Path) -> None:
    folder = checks(tmp_path, "raise KeyError('secret')")
    done = beside(
        REFERENCE, "-f", "json", "--replay", "never", "--checkov-external-checks-dir", folder
    )
    assert done.returncode == 2
    document = json.loads(done.stdout)
    assert document["errors"] == [
        "ACME_1 on aws_lb.this: KeyError; --checkov-skip leaves a check out"
    ]
    assert len(document["checkov"]) > 100
    assert document["verdicts"]


def test_one_that_takes_too_long_is_ended_and_an_error(tmp_path: Path) -> None:
    folder = checks(tmp_path, "import time; time.sleep(600)")
    flags = ("--checkov-external-checks-dir", folder, "--checkov-timeout", "3")
    done = beside(REFERENCE, "-f", "json", "--replay", "never", *flags)
    document = json.loads(done.stdout)
    assert (done.returncode, document["summary"]["checkov"]) == (2, "failed")
    (error,) = document["errors"]
    assert error.startswith("Checkov took more than 3 seconds and was ended; give it longer")
    assert document["summary"]["verdicts"]["pass"] > 100


def test_a_folder_of_checks_that_is_none_is_refused() -> None:
    done = beside(REFERENCE, "--checkov-external-checks-dir", "nowhere")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr == b"policyscan: nowhere: no such folder of Checkov checks\n"


def test_checks_are_chosen_by_id_and_pattern() -> None:
    one = report(REFERENCE, "--checkov-check", "CKV_AWS_158,CKV_AWS_91")
    assert {each["id"] for each in one["checkov"]} == {"CKV_AWS_158", "CKV_AWS_91"}
    rest = report(REFERENCE, "--checkov-skip", "CKV_AWS_*")
    assert rest["checkov"]
    assert all(each["id"].startswith("CKV2_") for each in rest["checkov"])


def test_it_is_a_group_beside_those_of_the_rules() -> None:
    assert report(REFERENCE, "--select", "PS101")["summary"]["checkov"] == "left out"
    assert report(REFERENCE, "--ignore", "CHECKOV")["summary"]["checkov"] == "left out"
    assert report(REFERENCE, "--profile", "deploy-only")["summary"]["checkov"] == "left out"
    both = report(REFERENCE, "--select", "PS101", "--select", "CHECKOV")
    assert both["checkov"]
    assert {each["rule"] for each in both["verdicts"]} == {"PS001", "PS101"}
    assert report(REFERENCE, "--select", "PS101", "--checkov")["checkov"]


def test_a_configuration_file_says_how_it_runs_and_how_bad_it_is(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    folder = checks(tmp_path / "own", "return CheckResult.FAILED")
    file = tmp_path / "own" / "conf.yaml"
    file.write_text(
        "checkov:\n"
        "  skip: [CKV2_*]\n"
        "  edges: stock\n"
        f"  external_checks_dir: [{folder.name}]\n"
        "  severity: {CKV_AWS_158: high, 'CKV_AWS_*': low, ACME_1: critical}\n",
        encoding="utf-8",
    )
    done = beside(REFERENCE, "-f", "json", "--replay", "never", "--config", file)
    document = json.loads(done.stdout)
    assert done.returncode == 1
    assert document["tool"]["checkov"]["edges"] == "stock"
    severities = {each["id"]: each["severity"] for each in document["checkov"]}
    assert severities["ACME_1"] == "critical"
    assert severities["CKV_AWS_158"] == "high"
    assert severities["CKV_AWS_91"] == "low"
    assert not any(id_.startswith("CKV2") for id_ in severities)
    ours = beside(REFERENCE, "--config", file, "--checkov-skip", "ACME_1,CKV_AWS_158")
    assert ours.returncode == 0


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("edges: right", 'checkov.edges: "right" is not one of corrected, stock'),
        ("run: maybe", 'checkov.run: "maybe" is not one of true, false'),
        ("timeout: 0", "checkov.timeout: 0 is not a number above 0"),
        ("severity: {CKV_AWS_1: bad}", 'checkov.severity.CKV_AWS_1: "bad" is not one of'),
        ("severity: [1]", "checkov.severity: [1] is not a map"),
        ("skips: []", "checkov.skips: no key is called so; did you mean 'skip'?"),
    ],
)
def test_what_a_file_gets_wrong_is_refused(tmp_path: Path, said: str, line: str) -> None:
    file = tmp_path / "conf.yaml"
    file.write_text(f"checkov: {{{said}}}\n", encoding="utf-8")
    done = run(REFERENCE, "--config", file)
    assert (done.returncode, done.stdout) == (2, b"")
    assert line in done.stderr.decode()
    assert done.stderr.decode().count("\n") == 1


def test_a_plan_that_nobody_plans_is_not_judged_by_it(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps(document([])), encoding="utf-8")
    done = beside(plan, "-f", "json")
    assert done.returncode == 3
    assert json.loads(done.stdout)["summary"]["checkov"] == "left out"


def test_what_only_checkov_judges_is_judged(tmp_path: Path) -> None:
    address = "azurerm_storage_account.a"
    plan = tmp_path / "plan.json"
    values = {"name": "a", "min_tls_version": "TLS1_0"}
    planned = {
        "root_module": {
            "resources": [
                {
                    "address": address,
                    "mode": "managed",
                    "type": "azurerm_storage_account",
                    "name": "a",
                    "values": values,
                }
            ]
        }
    }
    whole = document([change(address, after=values)], planned_values=planned)
    plan.write_text(json.dumps(whole), encoding="utf-8")
    assert run(plan).returncode == 3
    done = beside(plan, "-f", "json", "--fail-on", "medium")
    assert done.returncode == 1
    assert ("CKV_AZURE_44", address) in failing(json.loads(done.stdout))


def test_what_checkov_cannot_read_is_an_error(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    whole = json.loads(REFERENCE.read_text(encoding="utf-8"))
    del whole["terraform_version"]
    plan.write_text(json.dumps(whole), encoding="utf-8")
    done = beside(plan, "-f", "json", "--replay", "never")
    assert done.returncode == 2
    (error,) = json.loads(done.stdout)["errors"]
    assert error.startswith("Checkov: it reads no plan without terraform_version")


def test_secrets_in_keys_stay_secret(tmp_path: Path) -> None:
    address = 'aws_s3_bucket.b["hunter2-is-secret"]'
    values = {"bucket": "b"}
    resource = {"mode": "managed", "type": "aws_s3_bucket", "name": "b", "values": values}
    whole = document(
        [change(address, after=values)],
        planned_values={
            "root_module": {
                "resources": [{**resource, "address": address, "index": "hunter2-is-secret"}]
            }
        },
        variables={"secret": {"value": "hunter2-is-secret"}},
    )
    whole["configuration"]["root_module"]["variables"] = {"secret": {"sensitive": True}}
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps(whole), encoding="utf-8")
    for form in ("json", "text"):
        done = beside(plan, "-f", form)
        assert b"hunter2" not in done.stdout
        assert b"CKV_AWS_18" in done.stdout


def test_what_cannot_fail_the_scan_is_told_in_brief() -> None:
    flags = (REFERENCE, "--replay", "never")
    title = "Ensure VPC flow logging is enabled in all VPCs"
    brief, verbose, failing_ = (
        beside(*flags, *more).stdout.decode() for more in ((), ("-v",), ("--fail-on", "medium"))
    )
    assert "checks fail below the threshold (-v tells more): CKV2_AWS_11, CKV2_AWS_12" in brief
    assert title not in brief
    for told in (verbose, failing_):
        assert f"CKV2_AWS_11  medium  {title}" in told
        assert "-v tells more" not in told


def test_several_plans_have_each_their_own(tmp_path: Path) -> None:
    first, second = report(REFERENCE, BROKEN)
    assert failing(first) != failing(second)  # type: ignore[arg-type]
    bad = tmp_path / "bad.json"
    bad.write_text("{", encoding="utf-8")
    done = beside(bad, REFERENCE, "-f", "json", "--replay", "never")
    assert done.returncode == 2
    refused, judged = json.loads(done.stdout)
    assert refused["checkov"] == []
    assert failing(judged) == failing(first)  # type: ignore[arg-type]


def test_two_runs_say_the_same() -> None:
    flags = (BROKEN, "-f", "json", "--replay", "never")
    assert beside(*flags).stdout == beside(*flags).stdout
