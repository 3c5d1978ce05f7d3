"""`--changed-only`, baselines and `policyscan diff`, as a user runs them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import ROOT, run
from tests.plans import change, document

OPEN = {"name": "open", "retention_in_days": 30}
SHUT = {"name": "open", "retention_in_days": 7}
KIND = "aws_cloudwatch_log_group"
ONLY = ("--no-source", "--select", "PS401")


def standing(name: str, **more: Any) -> dict[str, Any]:
    return change(f"{KIND}.{name}", actions=("no-op",), before=OPEN, after=OPEN, **more)


def mended(name: str) -> dict[str, Any]:
    return change(f"{KIND}.{name}", actions=("update",), before=OPEN, after=SHUT)


def created(name: str) -> dict[str, Any]:
    return change(f"{KIND}.{name}", after=OPEN)


def written(folder: Path, *changes: dict[str, Any], name: str = "plan.json", **more: Any) -> Path:
    path = folder / name
    path.write_text(json.dumps(document(list(changes), **more)))
    return path


def failed(output: bytes, key: str = "new") -> dict[str, bool]:
    return {
        each["address"].removeprefix(f"{KIND}."): each[key]
        for each in json.loads(output)["verdicts"]
        if each["verdict"] == "fail"
    }


# -- new and standing -----------------------------------------------------------------------


def test_json_tells_new_from_standing_and_what_is_fixed(tmp_path: Path) -> None:
    plan = written(tmp_path, standing("kept"), created("made"), mended("mended"))
    done = run(plan, *ONLY, "-f", "json")
    report = json.loads(done.stdout)
    assert failed(done.stdout) == {"kept": False, "made": True}
    assert [(each["rule"], each["address"]) for each in report["fixed"]] == [
        ("PS401", f"{KIND}.mended")
    ]
    assert (report["summary"]["standing"], report["summary"]["fixed"]) == (1, 1)


def test_text_tells_new_from_standing_and_counts_what_is_fixed(tmp_path: Path) -> None:
    plan = written(tmp_path, standing("kept"), created("made"), mended("mended"))
    text = run(plan, *ONLY).stdout.decode()
    assert text.count("(standing: not of this plan's making)") == 1
    assert "\n1 fixed by this plan\n" in text


def test_changed_only_counts_what_stood_before_and_fails_for_nothing_of_it(tmp_path: Path) -> None:
    changing = written(tmp_path, standing("kept"), mended("mended"))
    assert run(changing, *ONLY).returncode == 1
    done = run(changing, *ONLY, "--changed-only")
    text = done.stdout.decode()
    assert done.returncode == 0
    assert f"{KIND}.kept" not in text
    assert "\n1 standing, not shown: not of this plan's making\n" in text
    assert text.endswith("PASS: nothing new fails\n")


def test_changed_only_fails_for_what_is_new_and_shows_that_alone(tmp_path: Path) -> None:
    plan = written(tmp_path, standing("kept"), created("made"))
    done = run(plan, *ONLY, "--changed-only")
    text = done.stdout.decode()
    assert done.returncode == 1
    assert (f"{KIND}.kept" in text, f"{KIND}.made" in text) == (False, True)
    assert text.endswith("FAIL: 1 high\n")
    every = run(plan, *ONLY, "--changed-only", "-f", "json")
    assert failed(every.stdout) == {"kept": False, "made": True}
    assert json.loads(every.stdout)["summary"]["changed_only"] is True


@pytest.mark.parametrize(
    ("file", "variable", "flags", "code"),
    [
        ("changed_only: true", "", (), 0),
        ("changed_only: true", "false", (), 1),
        ("changed_only: true", "", ("--no-changed-only",), 1),
        ("", "true", (), 0),
        ("", "1", (), 0),
        ("", "true", ("--no-changed-only",), 1),
        ("", "false", ("--changed-only",), 0),
        ("", "", (), 1),
    ],
)
def test_changed_only_is_layered_as_other_settings_are(
    tmp_path: Path, file: str, variable: str, flags: tuple[str, ...], code: int
) -> None:
    plan = written(tmp_path, standing("kept"))
    (tmp_path / ".policyscan.yaml").write_text(file)
    done = run(plan, *ONLY, *flags, cwd=tmp_path, POLICYSCAN_CHANGED_ONLY=variable)
    assert done.returncode == code


@pytest.mark.parametrize(
    ("file", "variable", "line"),
    [
        ("changed_only: maybe", "", '.policyscan.yaml:1: changed_only: "maybe" is neither'),
        ("", "maybe", 'POLICYSCAN_CHANGED_ONLY: "maybe" is neither true nor false'),
    ],
)
def test_what_is_no_truth_is_refused(tmp_path: Path, file: str, variable: str, line: str) -> None:
    plan = written(tmp_path, standing("kept"))
    (tmp_path / ".policyscan.yaml").write_text(file)
    done = run(plan, *ONLY, cwd=tmp_path, POLICYSCAN_CHANGED_ONLY=variable)
    assert (done.returncode, line in done.stderr.decode()) == (2, True)


# -- baselines ------------------------------------------------------------------------------


def baseline_of(folder: Path, *changes: dict[str, Any]) -> Path:
    path = folder / "baseline.json"
    plan = written(folder, *changes, name="of-baseline.json")
    assert run(plan, *ONLY, "--write-baseline", path).returncode == 1
    return path


def test_a_baseline_lists_failures_readably_and_is_the_same_each_time(tmp_path: Path) -> None:
    path = baseline_of(tmp_path, created("b"), created("a"), change(f"{KIND}.good", after=SHUT))
    listed = json.loads(path.read_text())
    shown = [(each["rule"], each["address"], each["attribute"]) for each in listed["findings"]]
    assert shown == [
        ("PS401", f"{KIND}.a", "retention_in_days"),
        ("PS401", f"{KIND}.b", "retention_in_days"),
    ]
    first = path.read_bytes()
    baseline_of(tmp_path, created("a"), created("b"))
    assert path.read_bytes() == first
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "baseline.json",
        "of-baseline.json",
    ]


def test_what_a_baseline_lists_fails_nothing_and_is_counted(tmp_path: Path) -> None:
    path = baseline_of(tmp_path, created("listed"))
    plan = written(tmp_path, created("listed"))
    done = run(plan, *ONLY, "--baseline", path)
    text = done.stdout.decode()
    assert (done.returncode, done.stderr) == (0, b"")
    assert "\n1 in the baseline, not shown\n" in text
    assert text.endswith("PASS: nothing new fails\n")


def test_what_a_baseline_does_not_list_still_fails(tmp_path: Path) -> None:
    path = baseline_of(tmp_path, created("listed"))
    plan = written(tmp_path, created("listed"), created("other"))
    done = run(plan, *ONLY, "--baseline", path, "-f", "json")
    assert done.returncode == 1
    assert failed(done.stdout, "in_baseline") == {"listed": True, "other": False}
    assert failed(done.stdout) == {"listed": False, "other": True}


def test_a_baseline_knows_what_terraform_moves(tmp_path: Path) -> None:
    path = baseline_of(tmp_path, standing("old"))
    plan = written(tmp_path, standing("new", previous_address=f"{KIND}.old"))
    done = run(plan, *ONLY, "--baseline", path)
    assert (done.returncode, done.stderr) == (0, b"")
    elsewhere = written(tmp_path, standing("new", previous_address=f"{KIND}.another"))
    assert run(elsewhere, *ONLY, "--baseline", path).returncode == 1


def test_entries_that_match_nothing_are_counted_in_one_line(tmp_path: Path) -> None:
    path = baseline_of(tmp_path, created("a"), created("b"), created("c"))
    plan = written(tmp_path, created("a"))
    done = run(plan, *ONLY, "--baseline", path)
    assert done.returncode == 0
    assert done.stderr.decode() == "policyscan: 2 of 3 baseline entries are gone: write it again\n"
    # A rule that was not asked says nothing of its entries.
    others = run(plan, "--no-source", "--select", "PS801", "--baseline", path)
    assert others.stderr == b""


def test_one_baseline_is_for_all_plans_it_was_made_of(tmp_path: Path) -> None:
    first = written(tmp_path, created("a"), name="first.json")
    second = written(tmp_path, created("b"), name="second.json")
    path = tmp_path / "baseline.json"
    run(first, second, *ONLY, "--write-baseline", path)
    done = run(second, first, *ONLY, "--baseline", path)
    assert (done.returncode, done.stderr) == (0, b"")


def test_with_both_the_old_one_counts_and_the_new_one_is_whole(tmp_path: Path) -> None:
    path = baseline_of(tmp_path, created("a"), created("gone"))
    plan = written(tmp_path, created("a"), created("b"))
    done = run(plan, *ONLY, "--baseline", path, "--write-baseline", path)
    assert (done.returncode, done.stderr) == (1, b"")
    addresses = [each["address"] for each in json.loads(path.read_text())["findings"]]
    assert addresses == [f"{KIND}.a", f"{KIND}.b"]


def test_no_baseline_is_written_where_a_plan_was_not_judged(tmp_path: Path) -> None:
    path = baseline_of(tmp_path, created("a"))
    before = path.read_bytes()
    whole = written(tmp_path, created("b"))
    broken = written(tmp_path, created("c"), name="broken.json", errored=True)
    done = run(whole, broken, *ONLY, "--write-baseline", path)
    assert done.returncode == 2
    assert b"not written, as not every plan was judged" in done.stderr
    assert path.read_bytes() == before


GOOD = {"rule": "PS401", "address": "a.b", "attribute": ""}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{", "not JSON"),
        ("[]", "not a baseline"),
        ("{}", "not a baseline"),
        ('{"policyscan_baseline": "2", "findings": []}', "its version is not 1"),
        ('{"policyscan_baseline": "1"}', "findings is not a list"),
        ('{"policyscan_baseline": "1", "findings": [7]}', "findings[0] is not one"),
        (
            json.dumps({"policyscan_baseline": "1", "findings": [GOOD | {"fingerprint": "0"}]}),
            "findings[0] has the fingerprint of another one",
        ),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_file_that_is_no_baseline_is_refused_in_one_line(
    tmp_path: Path, content: str, why: str
) -> None:
    path = tmp_path / "baseline.json"
    path.write_text(content)
    done = run(written(tmp_path, created("a")), *ONLY, "--baseline", path)
    assert (done.returncode, done.stdout) == (2, b"")
    (line,) = done.stderr.decode().splitlines()
    assert line == f"policyscan: --baseline {path}: {why}; make it with --write-baseline"


def test_files_that_cannot_be_read_or_written_are_named(tmp_path: Path) -> None:
    plan = written(tmp_path, created("a"))
    for flag, code in (("--baseline", 2), ("--write-baseline", 2)):
        path = tmp_path / "none" / "baseline.json"
        done = run(plan, *ONLY, flag, path)
        assert done.returncode == code
        assert f"{flag} {path}: cannot be" in done.stderr.decode()


# -- diff -----------------------------------------------------------------------------------


def test_diff_tells_new_fixed_and_unchanged(tmp_path: Path) -> None:
    old = written(tmp_path, created("both"), created("gone"), name="old.json")
    new = written(tmp_path, created("both"), created("made"), name="new.json")
    done = run("diff", old, new, *ONLY, "-f", "json")
    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert {
        part: [each["address"] for each in report[part]]
        for part in ("new", "fixed", "unchanged", "undecided")
    } == {
        "new": [f"{KIND}.made"],
        "fixed": [f"{KIND}.gone"],
        "unchanged": [f"{KIND}.both"],
        "undecided": [],
    }
    assert report["plans"]["old"]["path"] == str(old)
    text = run("diff", old, new, *ONLY).stdout.decode()
    assert f"NEW PS401 log-retention-off  high  {KIND}.made" in text
    assert f"FIXED PS401 log-retention-off  high  {KIND}.gone" in text
    assert text.endswith("1 new, 1 fixed, 1 unchanged, 0 undecided\nFAIL: new: 1 high\n")


@pytest.mark.parametrize(
    ("flags", "code"), [((), 1), (("--fail-on", "critical"), 0), (("--ignore", "PS401"), 3)]
)
def test_diff_fails_for_what_is_new_and_bad_enough(
    tmp_path: Path, flags: tuple[str, ...], code: int
) -> None:
    old = written(tmp_path, change(f"{KIND}.a", after=SHUT), name="old.json")
    new = written(tmp_path, created("a"), name="new.json")
    assert run("diff", old, new, *ONLY, *flags).returncode == code
    assert run("diff", new, new, *ONLY).returncode == 0


def test_diff_knows_what_the_newer_plan_moves(tmp_path: Path) -> None:
    old = written(tmp_path, standing("old"), name="old.json")
    moved = standing("new", previous_address=f"{KIND}.old")
    new = written(tmp_path, moved, name="new.json")
    done = run("diff", old, new, *ONLY, "-f", "json")
    summary = json.loads(done.stdout)["summary"]
    assert (done.returncode, summary["unchanged"], summary["fixed"]) == (0, 1, 0)


def test_diff_tells_what_is_not_decided_any_more(tmp_path: Path) -> None:
    old = written(tmp_path, created("a"), name="old.json")
    unknown = change(f"{KIND}.a", after={"name": "a"}, unknown={"retention_in_days": True})
    new = written(tmp_path, unknown, name="new.json")
    done = run("diff", old, new, *ONLY, "-f", "json")
    summary = json.loads(done.stdout)["summary"]
    assert (done.returncode, summary["undecided"], summary["fixed"]) == (0, 1, 0)
    assert run("diff", old, new, *ONLY, "--fail-on", "unknown").returncode == 1


def test_diff_judges_no_part_of_a_plan(tmp_path: Path) -> None:
    whole = written(tmp_path, created("a"))
    broken = written(tmp_path, created("a"), name="broken.json", errored=True)
    for pair in ((whole, broken), (broken, whole)):
        done = run("diff", *pair, *ONLY)
        assert done.returncode == 2
        assert done.stdout.endswith(b"NOT JUDGED: see the errors above\n")
    assert run("diff", whole, tmp_path / "none.json").returncode == 2


def test_diff_reads_each_plan_with_the_source_beside_it() -> None:
    reference = ROOT / "fixtures" / "reference" / "plan.json"
    broken = ROOT / "fixtures" / "reference_broken" / "plan.json"
    done = run("diff", reference, broken, "--select", "PS101", "--replay", "never")
    assert done.returncode == 1
    assert b"NEW PS101 image-not-pushed  critical" in done.stdout


def test_a_baseline_tells_no_secret_and_does_not_take_one_for_another(tmp_path: Path) -> None:
    plan = written(
        tmp_path,
        change(f'{KIND}.a["hunter2secret"]', after=OPEN),
        root={"variables": {"key": {"sensitive": True}}},
        variables={"key": {"value": "hunter2secret"}},
    )
    path = tmp_path / "baseline.json"
    run(plan, *ONLY, "--write-baseline", path)
    assert "hunter2" not in path.read_text()
    # The next secret key would be called (sensitive 1) as well.
    assert json.loads(path.read_text())["findings"] == []
    assert run(plan, *ONLY, "--baseline", path).returncode == 1
