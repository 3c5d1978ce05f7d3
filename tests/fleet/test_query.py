"""Queries of fleets: what they may ask, what they cannot do, and how answers are shown."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import fsspec
import pyarrow as pa
import pytest

from policyscan.cli import fleet_query
from policyscan.cli.commands import run
from policyscan.fleet.schema import PLANS, VERDICTS
from policyscan.report.screen import plain
from tests.fleet.made import MORNING, plan, put, table, verdict, write
from tests.report.hostile import PARTS

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = [part.encode(errors="replace").decode() for part in PARTS]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Three runs, the last of which is called as if it were the first."""
    place = tmp_path / "verdicts.parquet"
    for day, name in enumerate(("20261128T060000Z", "20261129T060000Z", "10-by-hand")):
        found = [verdict("a", "PS101", f"aws_thing.n{day}"), verdict("b", "PS102", "aws_thing.n")]
        write(place, name, [plan("a"), plan("b")], found, at=MORNING + timedelta(days=day))
    return place


def asked(capsys: pytest.CaptureFixture[str], out: Path, sql: str, *flags: str) -> str:
    code = run(["fleet", "query", sql, "--from", str(out), *flags])
    told = capsys.readouterr()
    assert (code, told.err) == (0, "")
    return told.out


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The line that a command is refused with."""
    assert run(["fleet", *arguments]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1, told.err
    assert told.err.startswith("policyscan: ")
    return told.err.removeprefix("policyscan: ").rstrip("\n")


# -- what is there ---------------------------------------------------------------------------------


def test_the_query_of_the_issue_finds_the_tables_of_this_folder(
    capsys: pytest.CaptureFixture[str], out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(out.parent)
    sql = "select rule, count(*) as findings from verdicts group by rule order by rule"
    assert run(["fleet", "query", sql]) == 0
    assert capsys.readouterr().out == "rule   findings\nPS101         3\nPS102         3\n"


def test_views_are_of_all_runs_of_the_last_and_of_the_one_before_it(
    capsys: pytest.CaptureFixture[str], out: Path
) -> None:
    for view, runs in (
        ("plans", ["10-by-hand", "20261128T060000Z", "20261129T060000Z"]),
        ("latest_plans", ["10-by-hand"]),
        ("previous_plans", ["20261129T060000Z"]),
    ):
        for each in (view, view.replace("plans", "verdicts")):
            found = asked(capsys, out, f"from {each} select distinct run order by 1", "-f", "json")
            assert [row["run"] for row in json.loads(found)] == runs, each


def test_runs_are_in_the_order_in_which_they_were_made(
    capsys: pytest.CaptureFixture[str], out: Path
) -> None:
    found = json.loads(asked(capsys, out, "from runs order by position", "-f", "json"))
    assert [(row["run"], row["is_latest"], row["is_previous"]) for row in found] == [
        ("20261128T060000Z", False, False),
        ("20261129T060000Z", False, True),
        ("10-by-hand", True, False),
    ]
    assert found[0]["made_at"] == "2026-11-28T06:00:00Z"
    assert all(row["is_finished"] for row in found)


def test_a_run_can_be_chosen_and_one_that_is_not_there_cannot(
    capsys: pytest.CaptureFixture[str], out: Path
) -> None:
    first = ("--run", "20261128T060000Z")
    sql = "select (select run from latest_plans limit 1) as l, count(*) as n from previous_plans"
    (row,) = json.loads(asked(capsys, out, sql, "-f", "json", *first))
    assert row == {"l": first[1], "n": 0}
    there = ("query", "from runs", "--from", str(out))
    assert refused(capsys, *there, "--run", "no").startswith(f"--run no: {out} has no such run; ")
    told = refused(capsys, *there, *first, "--since", first[1])
    assert told == f"--since {first[1]}: this is the run that is to be compared"


def test_findings_that_no_run_has_committed_do_not_count(
    capsys: pytest.CaptureFixture[str], out: Path
) -> None:
    begun = table(VERDICTS, "10-by-hand", [verdict("c", "PS101", "aws_thing.n")])
    put(out, "verdicts", "10-by-hand", "part-b", begun)
    assert asked(capsys, out, "select count(*) as n from latest_verdicts") == "n\n2\n"


def test_sql_is_read_from_stdin(
    capsys: pytest.CaptureFixture[str], out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("select 1 as one"))
    assert asked(capsys, out, "-") == "one\n  1\n"


def test_storage_is_whatever_fsspec_reads(capsys: pytest.CaptureFixture[str], out: Path) -> None:
    memory = fsspec.filesystem("memory")
    for path in sorted(out.rglob("*.*")):
        memory.pipe_file(f"/fleet-query/{path.relative_to(out)}", path.read_bytes())
    sql = "select run, workspace, rule, address from verdicts order by all"
    here = asked(capsys, out, sql)
    assert run(["fleet", "query", sql, "--from", "memory://fleet-query"]) == 0
    assert capsys.readouterr().out == here


# -- what it cannot do -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_text('{file}')",
        "select * from read_blob('{file}')",
        "select * from read_csv('{file}')",
        "select * from read_json('{file}')",
        "select * from read_parquet('{part}')",
        "select * from '{part}'",
        "select * from glob('{folder}/*')",
        "select * from parquet_metadata('{part}')",
        "select * from 'https://example.com/a.parquet'",
        "explain analyze copy (select 1) to '{folder}/written.csv'",
        "copy (select 1) to '{folder}/written.csv'",
        "copy plans to '{folder}/written.parquet'",
        "export database '{folder}/written'",
        "attach '{folder}/written.db'",
        "install httpfs",
        "load httpfs",
        "set threads = 64",
        "set enable_external_access = true",
        "reset memory_limit",
        "pragma memory_limit = '64GB'",
        "select * from enable_logging(storage = 'file', storage_path = '{folder}/written')",
        "select * from enable_profiling(save_location = '{folder}/written')",
        "create table t as select 1",
        "create view plans as select 1",
        "drop view plans",
        "insert into runs values (1)",
        "delete from severities",
        "update severities set weight = 0",
        "call pragma_version()",
        "prepare x as select 1",
        "begin",
        "select 1; select 2",
        "",
        "-- nothing",
        "select * from sql",
        "select * from connection",
    ],
)
def test_a_query_does_nothing_but_read_the_views(
    capsys: pytest.CaptureFixture[str],
    out: Path,
    sql: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\nsecret,1\n")
    part = next((out / "plans").rglob("*.parquet"))
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.chdir(tmp_path)
    told = refused(
        capsys,
        "query",
        "--from",
        str(out),
        "--",
        sql.format(file=secret, part=part, folder=tmp_path),
    )
    assert told.startswith("query")
    assert "secret," not in told
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "sql",
    [
        "with t as (select 1 as a) from t",
        "pivot latest_plans on outcome using count(*)",
        "describe latest_plans",
        "summarize latest_plans",
        "explain select * from plans",
        "values (1);",
        "show tables",
    ],
)
def test_whatever_only_reads_is_answered(
    capsys: pytest.CaptureFixture[str], out: Path, sql: str
) -> None:
    assert asked(capsys, out, sql)


def test_a_query_takes_no_more_memory_than_it_may(
    capsys: pytest.CaptureFixture[str], out: Path
) -> None:
    sql = "select list(r) from range(30000000) t(r)"
    told = refused(capsys, "query", sql, "--from", str(out), "--memory", "64")
    assert told == ("query: takes more memory than it may; narrow it, or allow more with --memory")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_query_at_once(out: Path, tmp_path: Path, number: signal.Signals) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    endless = "select sum(a.r * b.r) from range(10000000) a(r), range(10000000) b(r)"
    with subprocess.Popen(
        [sys.executable, "-m", "policyscan", "fleet", "query", endless, "--from", str(out)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(scratch)},
        stderr=subprocess.PIPE,
        text=True,
        # Tests that run in the background may have been started not to hear it.
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # noqa: PLW1509 - asks for no lock
    ) as process:
        while not list(scratch.iterdir()):
            time.sleep(0.05)
        time.sleep(0.5)
        process.send_signal(number)
        try:
            assert process.wait(20) == 128 + number
        finally:
            process.kill()
        assert process.stderr is not None
        assert process.stderr.read() == "policyscan: interrupted\n"
    assert list(scratch.iterdir()) == []


# -- what is wrong ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("selec 1", 'query, line 1, column 1: syntax error at or near "selec"'),
        (
            "select\n  'é', nope\nfrom plans",
            'query, line 2, column 8: Referenced column "nope" not found in FROM clause; `describe',
        ),
        ("select unknwn(1)", "query, line 1, column 8: Scalar Function with name unknwn does not"),
        ("from nope", "query, line 1, column 6: Table with name nope does not exist; there are pl"),
        ("select 'a'::int", "query, line 1, column 11: Could not convert string 'a' to INT32"),
        ("select error('x\ny')", "query: x"),
        ("select * from glob('*')", "query, line 1, column 15: Cannot access file"),
        ("drop view plans", "query: drop: a query only reads; start it with select or from"),
        ("from runs; from runs", "query: 2 statements; give one, such as a select"),
    ],
)
def test_a_wrong_query_is_told_in_a_line_with_its_place_and_a_hint(
    capsys: pytest.CaptureFixture[str], out: Path, sql: str, told: str
) -> None:
    assert refused(capsys, "query", sql, "--from", str(out)).startswith(told)


def test_an_error_in_a_later_row_is_one_too(capsys: pytest.CaptureFixture[str], out: Path) -> None:
    sql = "select case when r < 900000 then 1 else error('late') end from range(1000000) t(r)"
    assert run(["fleet", "query", sql, "--from", str(out), "-f", "csv"]) == 2
    assert capsys.readouterr().err == "policyscan: query: late\n"


def _is_missing(folder: Path) -> str:
    return f"{folder}: no run of a fleet is in it; name the folder that `policyscan fleet"


def _is_a_file(folder: Path) -> str:
    folder.write_text("text")
    return _is_missing(folder)


def _is_something_else(folder: Path) -> str:
    (folder / "plans" / "prod").mkdir(parents=True)
    (folder / "plans" / "prod" / "plan.json").write_text("{}")
    return _is_missing(folder)


def _has_no_committed_part(folder: Path) -> str:
    put(folder, "verdicts", "1", "part-a", table(VERDICTS, "1", [verdict("a", "PS101", "a.b")]))
    (folder / "plans" / "run=1").mkdir(parents=True)
    (folder / "plans" / "run=1" / ".part-a.parquet.0123").write_text("begun")
    return _is_missing(folder)


def _is_no_parquet(folder: Path) -> str:
    path = folder / "plans" / "run=1" / "part-a.parquet"
    path.parent.mkdir(parents=True)
    path.write_text("text, not Parquet")
    return f"{path}: cannot be read: "


def _is_cut_off(folder: Path) -> str:
    write(folder, "1", [plan("a")], [])
    path = folder / "plans" / "run=1" / "part-a.parquet"
    path.write_bytes(path.read_bytes()[:-5])
    return f"{path}: cannot be read: "


def _lacks_a_column(folder: Path) -> str:
    write(folder, "1", [plan("a")], [])
    old = table(PLANS, "1", [plan("b", scanned_at=MORNING)]).drop_columns(["rules"])
    path = put(folder, "plans", "1", "part-b", old)
    return f"{path}: there is no column rules: another version of policyscan wrote it; query it"


def _lacks_a_column_of_verdicts(folder: Path) -> str:
    write(folder, "1", [plan("a")], [])
    old = table(VERDICTS, "1", [verdict("a", "PS101", "a.b")]).drop_columns(["waived"])
    path = put(folder, "verdicts", "1", "part-a", old)
    return f"{path}: there is no column waived: another version"


def _has_a_column_of_another_type(folder: Path) -> str:
    old = table(PLANS, "1", [plan("a", scanned_at=MORNING)])
    at = old.schema.get_field_index("resources")
    path = put(folder, "plans", "1", "part-a", old.set_column(at, "resources", pa.array(["7"])))
    return f"{path}: string, not int32, in the column resources: another version"


@pytest.mark.parametrize(
    "spoilt",
    [
        _is_missing,
        _is_a_file,
        _is_something_else,
        _has_no_committed_part,
        _is_no_parquet,
        _is_cut_off,
        _lacks_a_column,
        _lacks_a_column_of_verdicts,
        _has_a_column_of_another_type,
    ],
)
@pytest.mark.parametrize(
    "command", [("query", "select count(*) from plans, verdicts"), ("report", "worst")]
)
def test_what_is_no_output_of_a_fleet_is_told_in_a_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, spoilt: object, command: tuple[str, str]
) -> None:
    assert callable(spoilt)
    told = spoilt(tmp_path / "out")
    assert refused(capsys, *command, "--from", str(tmp_path / "out")).startswith(told)


def test_a_page_of_a_part_that_is_damaged_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    write(tmp_path, "1", [plan(f"a{n}") for n in range(50)], [])
    path = tmp_path / "plans" / "run=1" / "part-a.parquet"
    content = bytearray(path.read_bytes())
    content[8:400] = b"\xff" * 392
    path.write_bytes(content)
    told = refused(capsys, "query", "select min(plan) from plans", "--from", str(tmp_path))
    assert told.startswith(f"{tmp_path}: cannot be read: ")


def test_a_kind_of_storage_nobody_knows_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    told = refused(capsys, "query", "from runs", "--from", "nope://bucket/out")
    assert told.startswith("nope://bucket/out: ")


def test_packages_that_are_missing_are_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [each for each in sys.modules if each.startswith("policyscan.fleet")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "duckdb", None)
    told = refused(capsys, "query", "from runs")
    assert told == "fleet: the package duckdb is not installed: pip install 'policyscan[fleet]'"


# -- how it is shown -------------------------------------------------------------------------------


def test_json_has_an_object_for_each_row_and_times_as_iso_8601_has_them(
    capsys: pytest.CaptureFixture[str], out: Path
) -> None:
    sql = (
        "select scanned_at, 1.5::decimal(4, 1) as d, 'nan'::double as n, true as t, null as z, "
        "[1, 2] as l, {'a': date '2026-11-28'} as s, 2::hugeint as h, '\\xAA'::blob as b, 1, 1, "
        "interval 90 minute as i from latest_plans limit 1"
    )
    assert json.loads(asked(capsys, out, sql, "-f", "json")) == [
        {
            "scanned_at": "2026-11-30T06:00:00Z",
            "d": 1.5,
            "n": None,
            "t": True,
            "z": None,
            "l": [1, 2],
            "s": {"a": "2026-11-28"},
            "h": 2,
            "b": "aa",
            "1": 1,
            "1_2": 1,
            "i": "1:30:00",
        }
    ]
    assert asked(capsys, out, "select 1 where false", "-f", "json") == "[]\n"


def test_people_are_shown_so_many_rows_and_programs_all(
    capsys: pytest.CaptureFixture[str], out: Path
) -> None:
    sql = "select r from range(3000) t(r)"
    lines = asked(capsys, out, sql).splitlines()
    assert (len(lines), lines[-1]) == (1002, "and more, which --limit shows")
    assert len(asked(capsys, out, sql, "--limit", "0").splitlines()) == 3001
    assert len(asked(capsys, out, sql, "--limit", "3000").splitlines()) == 3001
    assert len(json.loads(asked(capsys, out, sql, "-f", "json"))) == 3000
    assert len(asked(capsys, out, sql, "-f", "csv").splitlines()) == 3001
    assert asked(capsys, out, sql, "-f", "csv", "--limit", "2", "--no-header") == "0\r\n1\r\n"
    assert asked(capsys, out, sql, "--limit", "1", "--no-header").startswith("0\n")
    assert "and more" in asked(capsys, out, sql, "-f", "html")
    assert asked(capsys, out, "select 1 where false") == "no rows\n"


def test_text_is_cut_to_the_terminal_and_only_there(
    capsys: pytest.CaptureFixture[str], out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sql = "select repeat('ab', 60) as long, '\u4e2d\u6587' as wide, 7 as n"
    assert len(asked(capsys, out, sql).splitlines()[1]) > 120
    monkeypatch.setattr(fleet_query, "_width", lambda _: 40)
    head, row = asked(capsys, out, sql).splitlines()
    assert row == f"{'ab' * 13}ab...  \u4e2d\u6587  7"
    assert head == f"long{' ' * 29}wide  n"
    many = asked(capsys, out, "select 'abcdefghijkl', 'abcdefghijkl', 'abcdefghijkl', 'abcdefghij'")
    assert [len(line) for line in many.splitlines()] == [40, 40] or all(
        len(line) <= 40 for line in many.splitlines()
    )


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """What strangers may call things in their plans."""
    plans = [plan(part, plan=part, outcome="failed", reason=part) for part in HOSTILE]
    found = [
        verdict(part, part, part, name=part, message=part, cause=part, plan=part)
        for part in HOSTILE
    ]
    write(tmp_path, "1", plans, found)
    return write(tmp_path, "2", plans, found, at=MORNING + timedelta(days=1))


@pytest.mark.parametrize("format_name", ["text", "csv", "json", "html"])
def test_no_value_gets_out_of_an_answer(
    capsys: pytest.CaptureFixture[str], hostile: Path, format_name: str
) -> None:
    text = asked(capsys, hostile, "from latest_verdicts", "-f", format_name)
    holds_only_text(text, format_name)
    if format_name == "json":
        assert sorted(HOSTILE) == sorted(row["message"] for row in json.loads(text))
    if format_name == "csv":
        cells = [cell for line in csv.reader(io.StringIO(text, newline="")) for cell in line]
        assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
        assert len(text.splitlines()) == len(HOSTILE) + 1


@pytest.mark.parametrize("format_name", ["text", "json", "html"])
@pytest.mark.parametrize("name", ["overview", "new", "lost"])
def test_no_value_gets_out_of_a_report(
    capsys: pytest.CaptureFixture[str], hostile: Path, name: str, format_name: str
) -> None:
    asks = ["fleet", "report", name, "--from", str(hostile), "-f", format_name, "--top", "99"]
    assert run([*asks, "--workspace", "*", "--rule", "*"]) == 0
    holds_only_text(capsys.readouterr().out, format_name)


def test_formulas_are_texts_in_a_spreadsheet_and_numbers_stay_numbers(
    capsys: pytest.CaptureFixture[str], out: Path
) -> None:
    sql = "select '=1+1', '@x', -1, -1.5, '-x', ' =', chr(9) || 'g'"
    assert asked(capsys, out, sql, "-f", "csv", "--no-header") == (
        "'=1+1,'@x,-1,-1.5,'-x, =,'\\u0009g\r\n"
    )
    assert asked(capsys, out, 'select 1 as "=x"', "-f", "csv") == "'=x\r\n1\r\n"


def holds_only_text(text: str, format_name: str) -> None:
    """Assert that nothing in it steers a terminal or a CI runner, or is markup of a stranger."""
    for line in text.replace("\r\n", "\n").split("\n"):
        assert plain(line) == line
        assert not line.lstrip().startswith("::")
        assert "##[" not in line
        assert "##vso[" not in line
    if format_name == "html":
        page = _Page(text)
        assert page.tags <= OURS
        assert page.attributes <= {
            *("aria-hidden", "aria-label", "aria-labelledby", "charset", "class", "content"),
            *("height", "href", "http-equiv", "id", "lang", "name", "preserveaspectratio"),
            *("role", "scope", "tabindex", "title", "viewbox", "width"),
        }
        assert all(link.startswith("#") for link in page.links)


OURS = {
    *("a", "body", "div", "h1", "h2", "head", "header", "html", "li", "main", "meta", "nav", "p"),
    *("pre", "rect", "section", "small", "span", "style", "svg", "table", "tbody", "td", "th"),
    *("thead", "title", "tr", "ul"),
}


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= dict(attrs).keys()
        self.links += [value or "" for name, value in attrs if name == "href"]
