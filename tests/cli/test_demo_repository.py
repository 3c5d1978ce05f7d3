"""A repository as users have one, and a pull request in it that breaks three rules.

Git says which lines the pull request changes, Terraform plans it over the state that the commit
before it left behind, and every format has to tell those three findings as new, at those lines.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from functools import cache

import pytest

from policyscan.report.formats import FORMATS
from tests.cli.commands import ROOT, run
from tests.cli.repository import Edit, Repository, State
from tests.cli.told import READERS, Told

EDITS: dict[str, Edit] = {
    "PS204": (
        "infra/modules/service/main.tf",
        "    assign_public_ip = false",
        "    assign_public_ip = true",
    ),
    "PS303": (
        "infra/modules/service/autoscaling.tf",
        "  max_capacity       = local.max_capacity",
        "  max_capacity       = 20",
    ),
    "PS401": (
        "infra/modules/service/main.tf",
        "  retention_in_days = 7",
        "  retention_in_days = 30",
    ),
}
"""What the pull request changes, by the rule it breaks: a change breaks that one alone."""

# The pull request updates the very resource that this is about, and makes nothing of it worse.
STANDING = "PS118"
NEGLECT: Edit = (
    "infra/modules/service/main.tf",
    "  deployment_maximum_percent         = 200",
    "  deployment_maximum_percent         = 100",
)

# One service, so that an edit is one finding.
DEV = """\
services_enabled = true
image_digests    = { fraud-detection = "sha256:%s" }
services = {
  fraud-detection = {
    cpu              = 512
    memory           = 1024
    priority         = 100
    artifact_actions = ["s3:GetObject"]
    table_actions    = ["dynamodb:GetItem", "dynamodb:Query"]
  }
}
""" % ("0123456789abcdef" * 4)

CHANGED_ONLY = pytest.mark.parametrize("flags", [(), ("--changed-only",)], ids=["all", "new"])


@pytest.fixture(scope="module")
def demo(
    terraform: None,  # noqa: ARG001 - skips
    tmp_path_factory: pytest.TempPathFactory,
) -> Repository:
    """The reference; the pull request and its reversal; and both upon a reference that aged."""
    made = Repository(tmp_path_factory.mktemp("demo") / "repository")
    made.folder.mkdir()
    made.git("init", "-q")
    infra = made.folder / "infra"
    shutil.copytree(ROOT / "infra", infra, ignore=shutil.ignore_patterns(".terraform*"))
    (infra / "dev.tfvars").write_text(DEV)
    made.commit("reference")
    made.commit("change", *EDITS.values())
    made.git("checkout", "-q", "-b", "reverted")
    made.git("revert", "--no-edit", "HEAD")
    made.git("checkout", "-q", "reference")
    made.commit("aged", NEGLECT)
    made.git("checkout", "-q", "-b", "aged-change")
    made.git("cherry-pick", "change")
    return made


@pytest.fixture(scope="module")
def reference(demo: Repository) -> State:
    return demo.planned("reference", "reference")


@pytest.fixture(scope="module")
def change(demo: Repository) -> State:
    return demo.planned("change", "reference")


@pytest.fixture(scope="module")
def reverted(demo: Repository) -> State:
    return demo.planned("reverted", "reference", "change")


@pytest.fixture(scope="module")
def aged_change(demo: Repository) -> State:
    return demo.planned("aged-change", "aged")


Reports = Callable[..., tuple[int, dict[str, str]]]


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Reports:
    """The exit code, and every format of one scan from the top of the repository."""
    folder = tmp_path_factory.mktemp("reports")

    @cache
    def scanned(state: State, *flags: str) -> tuple[int, dict[str, str]]:
        files = {name: folder / name for name in FORMATS}
        formats = [part for name, file in files.items() for part in ("-f", f"{name}={file}")]
        done = run("plan.json", "--source-dir", "infra", *formats, *flags, cwd=state.folder)
        assert done.stderr == b""
        return done.returncode, {name: file.read_text() for name, file in files.items()}

    return scanned


def lines_of(
    demo: Repository, old: str = "reference", new: str = "change"
) -> dict[str, tuple[str, int]]:
    """The line that breaks each of the three rules, as git tells it."""
    changed = demo.changed(old, new)
    assert len(changed) == len(EDITS)
    return {rule: (file, changed[file, after]) for rule, (file, _, after) in EDITS.items()}


def placed(told: list[Told], lines: dict[str, tuple[str, int]]) -> dict[str, tuple[str, int]]:
    """Where findings stand, each at the changed line when that is among its lines."""
    return {
        each.rule: (
            each.file,
            line if (line := lines.get(each.rule, ("", 0))[1]) in each.lines else each.lines[0],
        )
        for each in told
    }


def test_every_format_has_a_reader() -> None:
    assert set(READERS) == set(FORMATS)


def test_the_reference_is_clean(reference: State, reports: Reports) -> None:
    code, found = reports(reference)
    assert code == 0
    assert [name for name, text in found.items() if list(READERS[name](text))] == []


@CHANGED_ONLY
@pytest.mark.parametrize("name", FORMATS)
def test_exactly_the_three_are_new_at_the_lines_that_git_tells(
    name: str, flags: tuple[str, ...], demo: Repository, change: State, reports: Reports
) -> None:
    code, found = reports(change, *flags)
    told, lines = list(READERS[name](found[name])), lines_of(demo)
    assert (code, len(told)) == (1, 3)
    assert placed(told, lines) == lines
    assert {each.is_new for each in told} in ({True}, {None})


@pytest.mark.parametrize("name", FORMATS)
def test_what_stood_before_is_told_behind_them_and_is_not_new(
    name: str, demo: Repository, aged_change: State, reports: Reports
) -> None:
    code, found = reports(aged_change)
    told = list(READERS[name](found[name]))
    new = lines_of(demo, "aged", "aged-change")
    told_new = {each.rule: each.is_new for each in told}
    leaves_it_open = name in {"junit", "github", "gitlab"}
    wanted = {**dict.fromkeys(EDITS, True), STANDING: False}
    assert (code, told_new) == (1, dict.fromkeys(wanted) if leaves_it_open else wanted)
    assert placed([each for each in told if each.rule != STANDING], new) == new
    # JSON goes by rule and address. All others, as it is as bad as they are, put it last.
    assert [each.rule for each in told].index(STANDING) == (0 if name in {"json", "junit"} else 3)


@pytest.mark.parametrize("name", FORMATS)
def test_changed_only_leaves_out_what_stood_before(
    name: str, aged_change: State, reports: Reports
) -> None:
    code, found = reports(aged_change, "--changed-only")
    told = {each.rule: each.is_new for each in READERS[name](found[name])}
    # These tell all that fails: GitLab itself compares two reports, others say what each is.
    is_told = name in {"json", "sarif", "markdown", "gitlab", "html"}
    assert (code, set(told)) == (1, {*EDITS, STANDING} if is_told else set(EDITS))
    assert told.get(STANDING, False) in {False, None}


def test_the_folder_and_a_revision_are_all_it_takes(demo: Repository, aged_change: State) -> None:
    """No plan, no state: the same three are new, at the same lines, and the rest stood before."""
    flags = ("--var-file", "infra/dev.tfvars", "--changed-only", "-f", "json")
    path = os.environ["PATH"]
    done = run("infra", "--since", "aged", *flags, cwd=aged_change.folder, PATH=path)
    assert done.stderr == b""
    told = list(READERS["json"](done.stdout.decode()))
    lines = lines_of(demo, "aged", "aged-change")
    assert {each.rule: each.is_new for each in told} == {
        **dict.fromkeys(EDITS, True),
        STANDING: False,
    }
    assert placed([each for each in told if each.rule != STANDING], lines) == lines
    assert done.returncode == 1


def test_a_revision_that_is_what_stands_there_brings_nothing_new(aged_change: State) -> None:
    flags = ("--var-file", "infra/dev.tfvars", "--changed-only", "-f", "json")
    path = os.environ["PATH"]
    done = run("infra", "--since", "HEAD", *flags, cwd=aged_change.folder, PATH=path)
    assert (done.returncode, json.loads(done.stdout)["summary"]["standing"]) == (0, 4)


def test_what_stood_before_alone_fails_no_scan_of_what_is_new(
    demo: Repository, reports: Reports
) -> None:
    aged = demo.planned("aged", "aged")
    assert reports(aged)[0] == 1
    assert reports(aged, "--changed-only")[0] == 0


def found_by_diff(old: State, new: State) -> tuple[int, dict[str, list[str]]]:
    """The exit code of a comparison, and the rules in each part of what it tells."""
    done = run("diff", old.plan, new.plan, "-f", "json", cwd=new.folder)
    report = json.loads(done.stdout)
    parts = ("new", "fixed", "unchanged", "undecided")
    return done.returncode, {part: [each["rule"] for each in report[part]] for part in parts}


NOTHING: dict[str, list[str]] = {"new": [], "fixed": [], "unchanged": [], "undecided": []}


def test_a_comparison_of_the_plans_tells_the_same_three(reference: State, change: State) -> None:
    assert found_by_diff(reference, change) == (1, {**NOTHING, "new": sorted(EDITS)})


def test_taking_it_back_mends_the_three(change: State, reverted: State, reports: Reports) -> None:
    code, found = reports(reverted)
    fixed = [each["rule"] for each in json.loads(found["json"])["fixed"]]
    assert (code, fixed) == (0, sorted(EDITS))
    assert "\n3 fixed by this plan\n" in found["text"]
    assert found_by_diff(change, reverted) == (0, {**NOTHING, "fixed": sorted(EDITS)})


@pytest.mark.usefixtures("checkov_home")
@CHANGED_ONLY
def test_beside_checkov_the_three_are_all_that_is_new_at_the_threshold(
    flags: tuple[str, ...], change: State
) -> None:
    done = run("plan.json", "--source-dir", "infra", "-f", "json", *flags, cwd=change.folder)
    report = json.loads(done.stdout)
    new = [
        each.get("rule") or each["id"]
        for each in (*report["verdicts"], *report["checkov"])
        if each["verdict"] == "fail" and each["new"] and each["severity"] in {"critical", "high"}
        if not each.get("shared_with")
    ]
    assert (done.returncode, new) == (1, sorted(EDITS))
    brought = {
        each["id"] for each in report["checkov"] if each["verdict"] == "fail" and each["new"]
    }
    # What failed on the changed resources before, such as logs kept for less than a year, stood.
    assert brought == {"CKV_AWS_333"}
    assert {each["id"] for each in report["checkov"] if each["shared_with"] == "PS204"} == {
        "CKV_AWS_333"
    }


@pytest.mark.usefixtures("checkov_home")
def test_text_counts_what_checkov_finds_too_once_as_other_formats_do(change: State) -> None:
    flags = ("--source-dir", "infra", "--changed-only")
    last = {
        name: run("plan.json", *flags, "-f", name, cwd=change.folder).stdout.decode().splitlines()
        for name in ("text", "concise")
    }
    # CKV_AWS_333 is medium, new, and the same as PS204.
    assert last["text"][-1] == "FAIL: 3 high"
    assert last["concise"][-1].startswith(f"plan.json: {last['text'][-1]}, ")
