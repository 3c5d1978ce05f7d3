"""The GitHub action: each of its steps run, on real plans, with a `gh` that records its calls."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from policyscan.bridges.home import Checkov
from tests.integrations.steps import ROOT, Run, Runner
from tests.required import missing

ACTION = ROOT / "action.yml"
REFERENCE = ROOT / "fixtures" / "reference" / "plan.json"
BROKEN = ROOT / "fixtures" / "reference_broken" / "plan.json"
PULL_REQUEST = {
    "event_name": "pull_request",
    "event": {"pull_request": {"node_id": "PR_kwDO"}},
}
QUIET = {"checkov": "false"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runner")


Make = Callable[..., Runner]


@pytest.fixture
def runner(shared: Path) -> Iterator[Make]:
    """A runner whose workspace holds the reference plan and its broken twin."""
    if shutil.which("jq") is None:
        missing("JQ", "jq is not on PATH, and the stand-in for gh needs it")

    def make(**given: Any) -> Runner:
        made = Runner(shared, **{"variables": {"POLICYSCAN_REPLAY": "never"}, **given})
        for name, plan in (("clean", REFERENCE), ("broken", BROKEN)):
            (made.workspace / name).mkdir(exist_ok=True)
            shutil.copy(plan, made.workspace / name / "plan.json")
        (made.workspace / "no plan.json").write_text("{}")
        return made

    yield make
    ran = list(shared.rglob("ran"))
    shutil.rmtree(shared / "work space")
    assert ran == [], "an input was run"


def marker_of(run: Run) -> str:
    [marker] = re.findall(r"<!-- policyscan:action:\d+ -->", run.summary)
    return str(marker)


def test_a_clean_plan_passes(runner: Make) -> None:
    run = runner().run({"plan": "clean/plan.json", **QUIET})
    assert run.exit_code == 0, run.log
    assert run.outputs["verdict"] == "pass"
    assert run.outputs["exit-code"] == "0"
    counts = json.loads(run.outputs["counts"])
    assert counts["fail"] == 0
    assert counts["pass"] > 100
    assert Path(run.outputs["sarif"]).is_file()
    assert json.loads(Path(run.outputs["json"]).read_text())["summary"]["exit_code"] == 0
    assert "PASS" in run.summary
    assert (run.calls, run.uses) == ([], {})


def test_findings_fail_it_once_every_report_is_out(runner: Make) -> None:
    run = runner(event=PULL_REQUEST).run(
        {"plan": "broken/plan.json", "upload-sarif": "true", "formats": "junit=a b.xml", **QUIET}
    )
    assert run.exit_code == 1
    assert (run.outputs["verdict"], run.outputs["exit-code"]) == ("fail", "1")
    assert json.loads(run.outputs["counts"])["critical"] == 2
    assert re.search(r"^::error file=.*title=PS101", run.log, re.MULTILINE)
    assert (runner().workspace / "a b.xml").read_text().startswith("<?xml")
    [(uses, given)] = run.uses.items()
    assert uses.startswith("github/codeql-action/upload-sarif@")
    assert given == {"sarif_file": run.outputs["sarif"], "category": "policyscan"}
    assert "PS101" in run.summary
    [_, written] = run.calls
    assert written["body"] == run.summary


def test_what_fails_the_step_may_be_set(runner: Make) -> None:
    inputs = {"plan": "broken/plan.json", "profile": "production", **QUIET}
    assert runner().run({**inputs, "fail-on": "critical"}).exit_code == 1
    (runner().workspace / "own.yaml").write_text("ignore: [PS101, PS603]\n")
    run = runner().run({"plan": "broken/plan.json", "config": "own.yaml", **QUIET})
    assert (run.exit_code, run.outputs["verdict"]) == (0, "pass")
    run = runner().run({**inputs, "fail-on": "never"})
    assert (run.exit_code, run.outputs["verdict"]) == (2, "not-judged")
    assert "--fail-on" in run.summary


def test_several_plans_make_one_verdict_the_worst(runner: Make) -> None:
    run = runner().run({"plan": "clean/plan.json\n\n*/plan.json\n", **QUIET})
    assert (run.exit_code, run.outputs["verdict"]) == (1, "fail")
    read = json.loads(Path(run.outputs["json"]).read_text())
    assert [each["plan"]["path"] for each in read] == ["clean/plan.json", "broken/plan.json"]
    assert json.loads(run.outputs["counts"])["pass"] == sum(
        each["summary"]["verdicts"]["pass"] for each in read
    )
    run = runner().run({"plan": "clean/plan.json\nno plan.json", **QUIET})
    assert (run.exit_code, run.outputs["verdict"]) == (2, "not-judged")


def test_paths_start_in_the_working_directory(runner: Make) -> None:
    (runner().workspace / "clean" / ".policyscan.yaml").write_text("profile: production\n")
    run = runner().run({"plan": "plan.json", "working-directory": "clean", **QUIET})
    assert run.exit_code == 1


@pytest.mark.usefixtures("terraform")
def test_a_plan_may_be_a_folder(runner: Make) -> None:
    shutil.copytree(ROOT / "fixtures" / "rules" / "PS805" / "fail", runner().workspace / "a root")
    (runner().workspace / "a root" / "plan.json").unlink()
    run = runner().run({"plan": "a root", "annotations": "false", **QUIET})
    assert run.exit_code == 1
    assert "PS805" in run.summary
    assert "::error file" not in run.log


# -- the comment ---------------------------------------------------------------------------------


def test_the_first_run_writes_a_comment_and_the_next_changes_it(runner: Make) -> None:
    inputs = {"plan": "broken/plan.json", **QUIET}
    first = runner(event=PULL_REQUEST).run(inputs)
    read, written = first.calls
    assert (read["id"], written["id"]) == ("PR_kwDO", "PR_kwDO")
    assert "addComment" in written["query"]
    assert written["token"] == "the-token"  # noqa: S105 - a word
    assert written["body"].rstrip().endswith(marker_of(first))
    assert written["body"].count("<!-- policyscan:") == 1
    assert "FAIL" in written["body"]

    mine = {"id": "IC_mine", "body": written["body"].rstrip(), "viewerDidAuthor": True}
    others = [{"id": f"IC_{n}", "body": "looks good", "viewerDidAuthor": False} for n in range(4)]
    second = runner(event=PULL_REQUEST, comments=[*others, mine]).run(inputs)
    _, changed = second.calls
    assert "updateIssueComment" in changed["query"]
    assert changed["id"] == "IC_mine"
    assert changed["body"] == written["body"]


def test_only_a_comment_of_our_own_on_the_same_plans_is_changed(runner: Make) -> None:
    inputs = {"plan": "clean/plan.json", **QUIET}
    marker = marker_of(runner().run(inputs))
    other = marker_of(runner().run({"plan": "broken/plan.json", **QUIET}))
    assert marker != other
    hostile = [
        {"id": "IC_copied", "body": f"mine\n{marker}", "viewerDidAuthor": False},
        {"id": "IC_quoted", "body": f"{marker}\nis how it ends", "viewerDidAuthor": True},
        {"id": "IC_other", "body": f"another plan\n{other}", "viewerDidAuthor": True},
        {"id": "IC_code", "body": f"$(touch ran)`touch ran`\n{marker}", "viewerDidAuthor": False},
    ]
    run = runner(event=PULL_REQUEST, comments=hostile).run(inputs)
    _, written = run.calls
    assert "addComment" in written["query"]


def test_a_plan_that_cannot_be_read_any_more_does_not_leave_the_last_verdict(runner: Make) -> None:
    inputs = {"plan": "clean/plan.json", **QUIET}
    marker = marker_of(runner().run(inputs))
    (runner().workspace / "clean" / "plan.json").write_text("{}")
    mine = [{"id": "IC_mine", "body": f"PASS\n{marker}", "viewerDidAuthor": True}]
    broken = runner(event=PULL_REQUEST, comments=mine)
    (broken.workspace / "clean" / "plan.json").write_text('{"<b>": "```"}')
    run = broken.run(inputs)
    assert (run.exit_code, run.outputs["verdict"], run.outputs["sarif"]) == (2, "not-judged", "")
    assert json.loads(run.outputs["counts"]) == {}
    _, changed = run.calls
    assert changed["id"] == "IC_mine"
    assert "could not judge" in changed["body"]
    assert "    policyscan: clean/plan.json" in changed["body"]
    assert changed["body"] == run.summary


@pytest.mark.parametrize("refused", ["read", "addComment"])
def test_a_token_that_may_not_write_costs_the_comment_and_nothing_else(
    runner: Make, refused: str
) -> None:
    run = runner(event=PULL_REQUEST, refused=refused).run({"plan": "broken/plan.json", **QUIET})
    assert run.exit_code == 1
    assert "::notice title=policyscan::The pull request has no comment of this run" in run.log
    assert "PS101" in run.summary


@pytest.mark.parametrize(
    ("event", "inputs"),
    [
        ({"event_name": "push"}, {}),
        ({"event_name": "pull_request_target", "event": PULL_REQUEST["event"]}, {}),
        (PULL_REQUEST, {"comment": "false"}),
    ],
)
def test_nothing_else_is_commented(
    runner: Make, event: dict[str, Any], inputs: dict[str, str]
) -> None:
    run = runner(event=event).run(
        {"plan": "broken/plan.json", "summary": "false", **inputs, **QUIET}
    )
    assert (run.exit_code, run.calls, run.summary) == (1, [], "")


# -- inputs stay data ----------------------------------------------------------------------------

HOSTILE = (
    """ "'$(touch ran)`touch ran`; touch ran #""",
    "${{ github.token }}",
    "--output=ran",
    "x\nverdict=pass\n::set-env name=PATH::/",
)


@pytest.mark.parametrize("name", ["plan", "profile", "config", "fail-on", "source-dir", "formats"])
@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_inputs_stay_data(runner: Make, name: str, value: str) -> None:
    run = runner(event=PULL_REQUEST).run({"plan": "clean/plan.json", **QUIET, name: value})
    assert run.exit_code == 2, run.log
    assert run.outputs["verdict"] == "not-judged"
    assert "could not judge" in run.summary or "NOT JUDGED" in run.summary
    # Whatever is printed of it is printed where the runner takes no commands.
    printed = re.sub(r"(?s)::stop-commands::(\S+)\n.*?\n::\1::\n", "", run.log)
    assert not re.search(r"^::(?!error file=|notice title=policyscan)", printed, re.MULTILINE)


@pytest.mark.parametrize(
    "name", ['a b\'s "plan" $(touch ran).json', "-o", "--help", "ä\u202eö.json"]
)
def test_a_plan_may_have_any_name(runner: Make, name: str) -> None:
    shutil.copy(BROKEN, runner().workspace / name)
    run = runner().run({"plan": name, **QUIET})
    assert (run.exit_code, run.outputs["verdict"]) == (1, "fail"), run.log


def test_what_a_plan_says_is_no_command_of_the_workflow(runner: Make) -> None:
    text = BROKEN.read_text().replace("fraud-detection", "x\\n::error::forged")
    (runner().workspace / "forged.json").write_text(text)
    run = runner().run({"plan": "forged.json", **QUIET})
    shown = re.sub(r"(?s)::stop-commands::(\S+)\n.*?\n::\1::\n", "", run.log)
    assert not re.search(r"^::error::", shown, re.MULTILINE)


def test_no_input_is_written_into_a_script() -> None:
    action = yaml.safe_load(ACTION.read_text())
    scripts = [step["run"] for step in action["runs"]["steps"] if "run" in step]
    assert scripts
    assert [script for script in scripts if "${{" in script] == []


def test_other_actions_are_named_by_a_commit() -> None:
    used = re.findall(r"uses: (\S+)(.*)", ACTION.read_text())
    assert len(used) == 2
    for name, comment in used:
        assert re.fullmatch(r"[\w-]+/[\w/-]+@[0-9a-f]{40}", name)
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment)


# -- installing ----------------------------------------------------------------------------------


def test_a_python_too_old_is_refused_in_a_line(runner: Make, tmp_path: Path) -> None:
    old = tmp_path / "python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    run = runner().run({"plan": "clean/plan.json", "python": str(old), **QUIET}, installed=False)
    assert run.exit_code == 2
    [line] = run.log.splitlines()
    assert line.startswith("::error title=policyscan::Python 3.11 or newer is needed")


def test_nothing_of_the_working_directory_is_imported(runner: Make) -> None:
    for name in ("policyscan", "click", "json", "sitecustomize"):
        (runner().workspace / f"{name}.py").write_text("open('ran', 'w')\n")
    assert runner().run({"plan": "clean/plan.json", **QUIET}).exit_code == 0


def test_checkov_is_set_up_once_and_kept_in_the_cache(runner: Make, checkov: Checkov) -> None:
    variables = {"POLICYSCAN_CHECKOV_PYTHON": checkov.python, "POLICYSCAN_REPLAY": "never"}
    run = runner(variables=variables).run({"plan": "clean/plan.json"})
    assert run.outputs["verdict"] == "pass", run.log
    [(uses, given)] = run.uses.items()
    assert uses.startswith("actions/cache@")
    home = runner().temporary / "policyscan-checkov"
    assert given["path"] == str(home)
    assert re.fullmatch(r"policyscan-[\d.]+-checkov-[0-9a-f]{16}-\w+-\w+-py[\d.]+", given["key"])
    assert json.loads(Path(run.outputs["json"]).read_text())["summary"]["checkov"] == "ran"
    before = (home / "stamp.json").stat().st_mtime_ns
    runner(variables=variables).run({"plan": "clean/plan.json"})
    assert (home / "stamp.json").stat().st_mtime_ns == before
    shutil.rmtree(home)
