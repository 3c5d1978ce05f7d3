"""Runs on a cluster of the machine's own, as a user starts them."""

from __future__ import annotations

import functools
import gzip
import http.server
import io
import json
import os
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from policyscan.fleet.schema import PLANS, VERDICTS
from tests.fleet.found import findings, findings_of, fleet, plans, rows, serial
from tests.fleet.plans import corrupt, plan, written

Flags = tuple[str, ...]
OWN = ("--workers", "1", "--quiet")


def test_local_plans_are_judged_as_a_scan_judges_them(tmp_path: Path) -> None:
    written(tmp_path / "live", 24)
    done = fleet(
        "live/**/plan.json", "--out", "tables", "--run", "r", "-f", "json", *OWN, cwd=tmp_path
    )
    assert done.returncode == 1, done.stderr
    told, found = plans(tmp_path / "tables"), findings(tmp_path / "tables")
    names = [str(path.relative_to(tmp_path)) for path in (tmp_path / "live").rglob("plan.json")]
    assert sorted(told) == sorted(names)
    for name, document in serial(tmp_path, sorted(names)).items():
        row = told[name]
        assert found.get(name, []) == findings_of(document)
        verdicts = document["summary"]["verdicts"]
        counted = (row["passed"], row["failed"], row["unknown"], row["not_applicable"])
        assert counted == tuple(verdicts[each] for each in ("pass", "fail", "unknown", "na"))
        assert {each: row[each] for each in document["summary"]["failed"]} == (
            document["summary"]["failed"]
        )
    summary = json.loads(done.stdout)
    assert summary == json.loads((tmp_path / "tables/summary/run=r.json").read_text())
    assert summary["outcomes"] == {"scanned": 24, "inconclusive": 0, "failed": 0}
    assert summary["top_rules"][0]["failed"] == max(each["failed"] for each in summary["top_rules"])
    assert done.stderr.decode() == ""


def test_the_tables_are_as_their_schema_says_sorted_and_compressed(
    tmp_path: Path, on: Flags
) -> None:
    written(tmp_path / "live", 3)
    (tmp_path / "live/team-0/w0000/plan.json").write_bytes(corrupt(0))
    done = fleet(
        "live/**/plan.json", "--out", "tables", "--run", "r", "--keep", "all", *on, cwd=tmp_path
    )
    assert done.returncode == 2
    for table, schema in (("plans", PLANS), ("verdicts", VERDICTS)):
        for part in (tmp_path / "tables" / table / "run=r").iterdir():
            file = pq.ParquetFile(part)
            assert file.schema_arrow.equals(schema)
            chunk = file.metadata.row_group(0).column(0)
            assert chunk.compression == "ZSTD"
            assert chunk.has_dictionary_page or not file.metadata.num_rows
            names = file.read()["plan"].to_pylist()
            assert names == sorted(names)
    assert {each["verdict"] for each in rows(tmp_path / "tables", "verdicts")} >= {"pass", "na"}
    types = {(each["address"], each["type"]) for each in rows(tmp_path / "tables", "verdicts")}
    assert ("(plan)", None) in types
    assert all(kind in address for address, kind in types if kind)


def archive_of(folder: Path, names: list[str]) -> None:
    with zipfile.ZipFile(folder / "plans.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        for number, name in enumerate(names):
            packed.writestr(name, plan(number))
        packed.writestr("README.md", "no plan")
    with tarfile.open(folder / "plans.tar.gz", "w:gz") as tar:
        for number, name in enumerate(names):
            member = tarfile.TarInfo(name)
            member.size = len(plan(number))
            tar.addfile(member, io.BytesIO(plan(number)))


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("plans.zip", "zip://{}::plans.zip"),
        ("zip://**/plan.json::plans.zip", "zip://{}::plans.zip"),
        ("plans.tar.gz", "tar://{}::plans.tar.gz"),
        ("*.tar.gz", "tar://{}::plans.tar.gz"),
    ],
)
def test_plans_in_an_archive_are_judged_where_they_are(
    tmp_path: Path, on: Flags, given: str, name: str
) -> None:
    members = [f"w{number}/plan.json" for number in range(6)]
    archive_of(tmp_path, members)
    done = fleet(given, "--out", "tables", *on, "--exit-zero", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = plans(tmp_path / "tables")
    assert sorted(told) == [name.format(each) for each in members]
    assert {each["outcome"] for each in told.values()} == {"scanned"}
    last = [each["workspace"].rpartition("/")[2] for each in told.values()]
    assert sorted(last) == [f"w{number}" for number in range(6)]


def test_an_archive_that_is_broken_is_one_plan_that_failed(tmp_path: Path, on: Flags) -> None:
    written(tmp_path / "live", 2)
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 no archive")
    done = fleet("live/**/plan.json", "broken.zip", "--out", "t", *on, cwd=tmp_path)
    assert done.returncode == 2
    told = plans(tmp_path / "t")
    assert len(told) == 3
    assert "no archive that can be read" in told["broken.zip"]["reason"]


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """Serves the folder of the test."""
    handler = functools.partial(_Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


def test_plans_of_the_web_are_fetched_by_name_pattern_and_list(
    tmp_path: Path, on: Flags, web: str
) -> None:
    written(tmp_path / "live", 4)
    (tmp_path / "packed.json.gz").write_bytes(gzip.compress(plan(9)))
    (tmp_path / "list.txt").write_text(f"{web}/packed.json.gz\n\n{web}/nowhere.json\n")
    pattern = f"{web}/live/team-0/*/plan.json"
    done = fleet("@list.txt", pattern, "--out", "t", "--retries", "0", *on, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    told = plans(tmp_path / "t")
    assert {name.removeprefix(web): each["outcome"] for name, each in told.items()} == {
        "/live/team-0/w0000/plan.json": "scanned",
        "/live/team-0/w0003/plan.json": "scanned",
        "/nowhere.json": "failed",
        "/packed.json.gz": "scanned",
    }
    assert told[f"{web}/nowhere.json"]["reason"] == "no such file"


def test_each_plan_is_judged_once_however_often_it_is_named(tmp_path: Path, on: Flags) -> None:
    written(tmp_path / "live", 3)
    given = (
        "live/**/plan.json",
        "./live/team-0/../team-0/w0000/plan.json",
        "live/team-*/*/plan.json",
    )
    assert fleet(*given, "--out", "t", *on, cwd=tmp_path).returncode == 1
    assert len(plans(tmp_path / "t")) == 3


def test_profile_pack_waivers_and_baseline_reach_the_workers(tmp_path: Path, on: Flags) -> None:
    written(tmp_path / "live", 1)
    [name] = [str(path.relative_to(tmp_path)) for path in (tmp_path / "live").rglob("*.json")]
    (tmp_path / ".policyscan.yaml").write_text("select: [PS8*]\n")
    (tmp_path / ".policyscan-waivers.yaml").write_text(
        "- rule: 'PS80*'\n  address: '*'\n  reason: tried\n  owner: me\n  expires: 2099-01-01\n"
    )
    assert fleet(name, "--out", "t", *on, "--fail-on", "low", cwd=tmp_path).returncode == 0
    found = rows(tmp_path / "t", "verdicts")
    assert found
    assert {each["rule"][:3] for each in found if each["tool"] == "policyscan"} == {"PS8"}
    assert all(each["waived"] for each in found)
    [row] = plans(tmp_path / "t").values()
    assert (row["waived"], row["low"] + row["medium"]) == (len(found), 0)


T = ("--out", "t")
WRONG: tuple[tuple[Flags, int, str], ...] = (
    (("no/**/plan.json", *T), 2, "no/**/plan.json: matches no file; check the pattern"),
    (("live", *T), 2, "live: a folder; give a pattern, such as 'live/**/plan.json'"),
    (("@none.txt", *T), 2, "@none.txt: cannot be read: No such file or directory"),
    (("@empty.txt", *T), 3, "no plan is named: nothing to scan"),
    (("live/plan.json", *T, "--run", "a/b"), 2, "--run a/b: letters, digits, '.', '_' and '-'"),
    (("live/plan.json", *T, "--workspace-from", "("), 2, "--workspace-from (: no pattern: missing"),
    (("live/plan.json", "--out", "live/plan.json"), 2, "cannot be written"),
    (("gs://b/*.json", *T), 2, "gs://b/*.json: the package gcsfs is not installed: pip install"),
    (("abfs://c/*.json", *T), 2, "abfs://c/*.json: the package adlfs is not installed: pip"),
    (("nosuch://x/*.json", *T), 2, "nosuch://x/*.json: Protocol not known: nosuch"),
    (("live/plan.json", *T, "--scheduler", "tcp://127.0.0.1:1"), 2, "no scheduler answers there"),
    (("live/plan.json", *T, "--profile", "none"), 2, "none"),
)


@pytest.mark.parametrize(("arguments", "code", "line"), WRONG)
def test_what_is_wrong_is_said_in_one_line(
    tmp_path: Path, arguments: tuple[str, ...], code: int, line: str
) -> None:
    (tmp_path / "live").mkdir()
    (tmp_path / "live/plan.json").write_bytes(plan(0))
    (tmp_path / "empty.txt").write_text("\n")
    done = fleet(*arguments, *OWN, cwd=tmp_path)
    [said] = done.stderr.decode().splitlines()
    assert (done.returncode, done.stdout) == (code, b"")
    assert said.startswith("policyscan: ")
    assert line in said


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "hidden").mkdir()
    for package in ("dask", "distributed", "fsspec", "pyarrow"):
        (tmp_path / "hidden" / f"{package}.py").write_text(
            f"raise ModuleNotFoundError('no', name={package!r})\n"
        )
    (tmp_path / "plan.json").write_bytes(plan(0))
    path = os.pathsep.join((str(tmp_path / "hidden"), str(Path(__file__).resolve().parents[2])))
    done = fleet("plan.json", "--out", "t", cwd=tmp_path, PYTHONPATH=path)
    assert done.returncode == 2
    [line] = done.stderr.decode().splitlines()
    assert line.endswith("is not installed: pip install 'policyscan[fleet]'")


def test_a_run_of_the_same_name_is_refused_and_another_is_added(tmp_path: Path, on: Flags) -> None:
    written(tmp_path / "live", 2)
    given = ("live/**/plan.json", "--out", "t", *on)
    assert fleet(*given, "--run", "one", cwd=tmp_path).returncode == 3
    again = fleet(*given, "--run", "one", cwd=tmp_path)
    assert again.returncode == 2
    assert b"run one is there already: --resume goes on with it" in again.stderr
    assert fleet(*given, "--run", "two", cwd=tmp_path).returncode == 3
    assert sorted(each["run"] for each in rows(tmp_path / "t", "plans")) == [
        "one",
        "one",
        "two",
        "two",
    ]


def test_exit_codes_are_those_of_a_scan_of_several_plans(tmp_path: Path, on: Flags) -> None:
    empty = json.dumps(
        {
            "format_version": "1.2",
            "terraform_version": "1.11.4",
            "planned_values": {},
            "resource_changes": [],
        }
    )
    (tmp_path / "empty.json").write_text(empty)
    (tmp_path / "bad.json").write_bytes(corrupt(0))
    (tmp_path / "bare.json").write_bytes(plan(0))
    codes = [
        fleet(*names, "--out", f"t{number}", *on, *more, cwd=tmp_path).returncode
        for number, (names, more) in enumerate(
            (
                (("empty.json",), ()),
                (("empty.json", "bare.json"), ("--fail-on", "low")),
                (("empty.json", "bare.json"), ("--fail-on", "low", "--exit-zero")),
                (("bare.json", "bad.json"), ("--fail-on", "low")),
                (("bare.json", "bad.json"), ("--fail-on", "low", "--exit-zero")),
            )
        )
    ]
    assert codes == [3, 1, 0, 2, 2]
