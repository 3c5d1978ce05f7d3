"""Reports on fleets: each against a plain computation from the same rows."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from policyscan.cli import fleet_query_commands
from policyscan.cli.commands import run
from policyscan.fleet.reports import REPORTS
from policyscan.fleet.views import WEIGHTS
from policyscan.rule import Severity
from tests.fleet import plainly
from tests.fleet.made import MORNING, plan, verdict, write, write_large
from tests.fleet.plainly import Rows, changes, drawn

SEEDS = (1, 2)
TODAY = MORNING + timedelta(days=1)


@pytest.fixture(params=SEEDS)
def runs(request: pytest.FixtureRequest) -> tuple[Rows, Rows]:
    return drawn(request.param, "before"), drawn(request.param, "now")


@pytest.fixture
def out(tmp_path: Path, runs: tuple[Rows, Rows]) -> Path:
    """Both runs; the earlier one has the later name."""
    for name, rows, at in (("z", runs[0], MORNING), ("a", runs[1], TODAY)):
        write(tmp_path, name, rows.plans, rows.verdicts, at=at)
    return tmp_path


def reported(
    capsys: pytest.CaptureFixture[str], out: Path, name: str, *flags: str
) -> dict[str, Any]:
    """A report as JSON, with all its rows unless flags say otherwise."""
    flags = flags if "--top" in flags else (*flags, "--top", "10000")
    code = run(["fleet", "report", name, "--from", str(out), "-f", "json", *flags])
    told = capsys.readouterr()
    assert (code, told.err) == (0, "")
    document: dict[str, Any] = json.loads(told.out)
    return document


def rows(document: dict[str, Any], table: str, *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[each] for each in columns) for row in document["tables"][table]]


def test_the_worst_workspaces_are_those_whose_failures_weigh_most(
    capsys: pytest.CaptureFixture[str], runs: tuple[Rows, Rows], out: Path
) -> None:
    found = reported(capsys, out, "worst")["tables"]["worst"]
    assert plainly.worst(runs[1]) == [tuple(row.values()) for row in found]
    assert found


def test_rules_are_counted_by_the_workspaces_that_fail_them(
    capsys: pytest.CaptureFixture[str], runs: tuple[Rows, Rows], out: Path
) -> None:
    columns = ("rule", "tool", "workspaces", "share", "findings", "undecided", "waived")
    found = rows(reported(capsys, out, "rules"), "rules", *columns)
    assert plainly.rules(runs[1]) == found


@pytest.mark.parametrize("top", [3, 100])
def test_the_matrix_says_of_every_workspace_what_each_rule_does(
    capsys: pytest.CaptureFixture[str], runs: tuple[Rows, Rows], out: Path, top: int
) -> None:
    document = reported(capsys, out, "matrix", "--top", str(top))
    columns = ("rule", "workspace", "cell", "findings")
    found = rows(document, "matrix", *columns)
    ranked = plainly.ranked(runs[1])
    said = {each["rule"] for each in runs[1].verdicts if each["verdict"] not in {"pass", "na"}}
    assert {(each, rule) for rule in said for each in ranked[:top]} == {
        (workspace, rule) for rule, workspace, *_ in found if workspace is not None
    }
    for rule, workspace, *cell in found:
        if workspace is not None:
            assert plainly.cell(runs[1], rule, workspace) == tuple(cell), (rule, workspace)
    of_others = {row["rule"]: row for row in document["tables"]["matrix"] if not row["workspace"]}
    assert len(of_others) == (len(said) if len(ranked) > top else 0)
    order = ("fail", "error", "unknown", "not judged", "waived", "ok")
    for rule, row in of_others.items():
        cells = [plainly.cell(runs[1], rule, each) for each in ranked[top:]]
        kinds = [kind for kind, _ in cells]
        worst = min(kinds, key=order.index)
        numbers = (sum(count for _, count in cells), kinds.count("fail"))
        assert (worst, *numbers) == (row["cell"], row["findings"], row["workspaces"])


def test_new_and_fixed_are_what_both_runs_can_tell(
    capsys: pytest.CaptureFixture[str], runs: tuple[Rows, Rows], out: Path
) -> None:
    expected = changes(*runs)
    columns = ("workspace", "tool", "rule", "address", "plan", "message")
    for name, rows_of in (("new", runs[1]), ("fixed", runs[0])):
        document = reported(capsys, out, name)
        found = rows(document, name, *columns)
        wanted = [
            tuple(each[column] for column in columns)
            for each in rows_of.failures
            if expected.get(tuple(each[column] for column in columns[:4])) == name
        ]
        assert Counter(wanted) == Counter(found)
        order = [plainly.ORDER.index(row["severity"]) for row in document["tables"][name]]
        pairs = [(place, *key) for place, key in zip(order, found, strict=True)]
        assert sorted(pairs) == pairs


def test_the_trend_counts_each_change_by_rule_and_by_workspace(
    capsys: pytest.CaptureFixture[str], runs: tuple[Rows, Rows], out: Path
) -> None:
    document = reported(capsys, out, "trend")
    expected = changes(*runs)
    assert Counter(expected.values()) == dict(rows(document, "changed", "change", "findings"))
    for table, at in (("trend_workspaces", 0), ("trend_rules", 2)):
        counts = Counter((key[at], change) for key, change in expected.items())
        found = {
            (row[("workspace", "", "rule")[at]], change): row[change.replace(" ", "_")]
            for row in document["tables"][table]
            for change in {*expected.values()}
        }
        assert counts == {key: count for key, count in found.items() if count}


def test_the_trend_has_a_row_for_each_run_the_last_one_first(
    capsys: pytest.CaptureFixture[str], runs: tuple[Rows, Rows], out: Path
) -> None:
    found = reported(capsys, out, "trend")["tables"]["trend_runs"]
    for name, each, row in zip("az", reversed(runs), found, strict=True):
        severities = plainly.counted(each.failures, "severity")
        assert row == {
            "run": name,
            "plans": len(each.plans),
            "workspaces": len(each.workspaces),
            "not_judged": sum(plan["outcome"] != "scanned" for plan in each.plans),
            **{severity: severities[severity] for severity in plainly.ORDER},
            "undecided": len(each.undecided),
            "waived": sum(verdict["waived"] for verdict in each.verdicts),
        }


def test_no_plan_that_could_not_be_judged_is_hidden(
    capsys: pytest.CaptureFixture[str], runs: tuple[Rows, Rows], out: Path
) -> None:
    lost = [each for each in runs[1].plans if each["outcome"] != "scanned"]
    document = reported(capsys, out, "lost")
    assert sorted((e["workspace"], e["plan"], e["outcome"], e["reason"]) for e in lost) == rows(
        document, "lost", "workspace", "plan", "outcome", "reason"
    )
    reasons = Counter((each["outcome"], each["reason"]) for each in lost)
    assert reasons == {
        (outcome, reason): count
        for outcome, reason, count in rows(document, "lost_reasons", "outcome", "reason", "plans")
    }
    told = reported(capsys, out, "worst")
    assert told["plans"] - told["scanned"] == told["failed"] + told["inconclusive"] == len(lost)


@pytest.mark.parametrize("name", REPORTS)
def test_every_report_says_how_many_plans_could_not_be_judged(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str
) -> None:
    write(tmp_path, "1", [plan("a")], [])
    lost = [plan("b", outcome="failed"), plan("c", outcome="inconclusive")]
    write(tmp_path, "2", [plan("a"), *lost], [], at=TODAY)
    for format_name in ("text", "html"):
        asks = ["fleet", "report", name, "--from", str(tmp_path), "-f", format_name]
        assert run(asks) == 0
        told = "2 could not be judged (1 failed, 1 inconclusive): that nothing is found there"
        assert told in capsys.readouterr().out
    assert (
        run(["fleet", "report", name, "--from", str(tmp_path), "--run", "1", "--since", "2"]) == 0
    )
    assert "Every plan was judged." in capsys.readouterr().out


def test_the_overview_counts_failures_by_severity(
    capsys: pytest.CaptureFixture[str], runs: tuple[Rows, Rows], out: Path
) -> None:
    counts = plainly.counted(runs[1].failures, "severity")
    found = rows(reported(capsys, out, "overview"), "severities", "severity", "findings")
    assert [(each, counts[each]) for each in plainly.ORDER] == found


def test_workspaces_that_one_run_did_not_judge_are_told_of_with_the_reason(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    failing = [verdict(each, "PS101", "aws_a.b") for each in ("gone", "lost", "kept", "bare")]
    before = [plan("gone"), plan("lost"), plan("kept"), plan("bare"), plan("dim", outcome="failed")]
    now = [
        plan("lost", outcome="failed", reason="no JSON"),
        plan("kept"),
        plan("bare", checkov="failed"),
        plan("dim"),
        plan("more"),
    ]
    write(tmp_path, "1", before, [*failing, verdict("bare", "CKV_AWS_1", "aws_a.b")])
    found = [verdict(each, "PS101", "aws_a.b") for each in ("dim", "more")]
    write(tmp_path, "2", now, found, at=TODAY)
    document = reported(capsys, tmp_path, "fixed")
    assert rows(document, "fixed", "workspace", "rule") == [("bare", "PS101"), ("kept", "PS101")]
    columns = ("workspace", "why", "findings", "reason")
    assert rows(document, "not_comparable", *columns) == [
        ("bare", "no Checkov in the later run", 1, None),
        ("more", "not in the earlier run", 1, None),
        ("gone", "not in the later run", 1, None),
        ("dim", "not judged in the earlier run", 1, None),
        ("lost", "not judged in the later run", 1, "no JSON"),
    ]
    assert reported(capsys, tmp_path, "new")["tables"]["new"] == []
    assert any(note.startswith("5 workspaces not comparable (") for note in document["notes"])


def test_flags_narrow_every_report(
    capsys: pytest.CaptureFixture[str], runs: tuple[Rows, Rows], out: Path
) -> None:
    narrowed = Rows(
        [each for each in runs[1].plans if each["workspace"].startswith("team-1/")],
        [
            each
            for each in runs[1].verdicts
            if each["workspace"].startswith("team-1/") and each["rule"] in {"PS101", "PS102"}
        ],
    )
    flags = ("--workspace", "team-1/*", "--rule", "PS10*", "--severity", "high")
    document = reported(capsys, out, "worst", *flags)
    assert plainly.worst(narrowed) == [tuple(row.values()) for row in document["tables"]["worst"]]
    assert document["notes"][-1] == "Only rule PS10*, workspace team-1/*, severity high or worse."
    by_name = reported(capsys, out, "rules", "--rule", "name-of-ps101")
    assert {each["rule"] for each in by_name["tables"]["rules"]} <= {"PS101"}


def test_top_says_how_many_more_there_are(
    capsys: pytest.CaptureFixture[str], runs: tuple[Rows, Rows], out: Path
) -> None:
    expected = plainly.worst(runs[1])
    document = reported(capsys, out, "worst", "--top", "2")
    assert len(document["tables"]["worst"]) == min(2, len(expected))
    assert document["more"] == ({"worst": len(expected) - 2} if len(expected) > 2 else {})


def test_any_two_runs_can_be_compared(
    capsys: pytest.CaptureFixture[str], runs: tuple[Rows, Rows], out: Path
) -> None:
    document = reported(capsys, out, "trend", "--run", "z", "--since", "a")
    assert (document["run"], document["since"]) == ("z", "a")
    backwards = Counter(changes(*reversed(runs)).values())
    assert backwards == dict(rows(document, "changed", "change", "findings"))


def test_a_run_by_other_rules_and_one_that_has_not_ended_are_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    write(tmp_path, "1", [plan("a")], [])
    write(tmp_path, "2", [plan("a")], [], at=TODAY)
    alike = reported(capsys, tmp_path, "trend")["notes"]
    assert not any("other rules" in note or "come to its end" in note for note in alike)
    write(tmp_path, "2", [plan("b", rules="cafe")], [], at=TODAY, part="part-b")
    (tmp_path / "summary" / "run=2.json").unlink()
    differing = reported(capsys, tmp_path, "trend")["notes"]
    assert any("other rules, settings or waivers" in note for note in differing)
    assert any("has not come to its end" in note for note in differing)


def test_a_part_that_was_not_committed_does_not_count(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    write(tmp_path, "1", [plan("a")], [verdict("a", "PS101", "aws_a.b")])
    write(tmp_path, "1", [plan("b")], [verdict("b", "PS101", "aws_a.b")], part="part-b")
    both = reported(capsys, tmp_path, "worst")["tables"]["worst"]
    (tmp_path / "plans" / "run=1" / "part-b.parquet").unlink()
    one = reported(capsys, tmp_path, "worst")["tables"]["worst"]
    assert tuple([row["workspace"] for row in each] for each in (both, one)) == (["a", "b"], ["a"])


def test_the_matrix_takes_no_silence_for_a_pass(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    half = {"outcome": "inconclusive", "reason": "a rule crashed"}
    plans = [plan("a"), plan("b", checkov="failed"), plan("c", **half), plan("d", **half)]
    found = [
        verdict("a", "PS101", "aws_a.b"),
        verdict("a", "CKV_AWS_1", "aws_a.b"),
        *(verdict(each, "PS102", "aws_a.b", waived=True) for each in ("c", "d")),
    ]
    write(tmp_path, "1", plans, found)
    cells = rows(reported(capsys, tmp_path, "matrix"), "matrix", "rule", "workspace", "cell")
    assert ("CKV_AWS_1", "b", "not judged") in cells
    assert ("PS101", "b", "ok") in cells
    assert ("PS101", "c", "not judged") in cells
    document = reported(capsys, tmp_path, "matrix", "--top", "2")
    others = [row for row in rows(document, "matrix", "rule", "workspace", "cell") if not row[1]]
    assert sorted(others) == [
        ("CKV_AWS_1", None, "not judged"),
        ("PS101", None, "not judged"),
        # Whatever was not judged there, each of them has it waived.
        ("PS102", None, "waived"),
    ]


@pytest.mark.parametrize("name", ["trend", "new", "fixed"])
def test_one_run_cannot_be_compared(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str
) -> None:
    write(tmp_path, "1", [plan("a")], [])
    assert run(["fleet", "report", name, "--from", str(tmp_path)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert f"{name} compares two runs, and there is none before 1" in told.err
    assert told.err.count("\n") == 1


def test_the_overview_of_a_first_run_says_that_there_is_none_before_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    write(tmp_path, "1", [plan("a")], [])
    document = reported(capsys, tmp_path, "overview")
    assert "changed" not in document["tables"]
    assert "There is no run before it to compare it with." in document["notes"]


@pytest.mark.parametrize("name", REPORTS)
def test_the_sql_of_a_report_answers_as_the_report_does(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str
) -> None:
    for run_name, salt, at in (("1", "before", MORNING), ("2", "now", TODAY)):
        rows_of = drawn(1, salt)
        write(tmp_path, run_name, rows_of.plans, rows_of.verdicts, at=at)
    document = reported(capsys, tmp_path, name)
    assert run(["fleet", "report", name, "--sql"]) == 0
    queries = capsys.readouterr().out.rstrip().removesuffix(";").split(";\n")
    assert len(queries) == len(document["tables"])
    for sql, table in zip(queries, document["tables"].values(), strict=True):
        asks = ["fleet", "query", sql, "--from", str(tmp_path), "-f", "json", "--top", "10000"]
        assert run(asks) == 0
        assert json.loads(capsys.readouterr().out) == table


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_comes_out_the_same_each_time(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str
) -> None:
    for run_name, salt, at in (("1", "before", MORNING), ("2", "now", TODAY)):
        rows_of = drawn(3, salt)
        write(tmp_path, run_name, rows_of.plans, rows_of.verdicts, at=at)
    asks = ["fleet", "report", name, "--from", str(tmp_path), "-f", "html", "--top", "3"]
    assert (run(asks), run(asks)) == (0, 0)
    told = capsys.readouterr().out
    assert told[: len(told) // 2] == told[len(told) // 2 :]


def test_a_large_fleet_is_reported_on(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for name, seed, at in (("1", 1, MORNING), ("2", 2, TODAY)):
        write_large(tmp_path, name, seed=seed, at=at)
    document = reported(capsys, tmp_path, "overview", "--memory", "256", "--top", "5")
    assert (document["plans"], document["scanned"], document["failed"]) == (10_000, 9_800, 200)
    assert document["more"]["worst"] > 9_000
    changed = dict(rows(document, "changed", "change", "findings"))
    # Nothing is lost between two runs: each failure of the later one is in one of these.
    failures = sum(row["findings"] for row in document["tables"]["severities"])
    assert changed["new"] + changed["still"] <= failures
    assert failures <= changed["new"] + changed["still"] + changed["not comparable"]


def test_the_command_line_knows_all_reports_and_severities() -> None:
    assert tuple(REPORTS) == fleet_query_commands.REPORTS
    assert tuple(map(str, Severity)) == fleet_query_commands.SEVERITIES
    assert len(WEIGHTS) == len(Severity)
