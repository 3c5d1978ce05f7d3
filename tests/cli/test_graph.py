"""`policyscan graph` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from policyscan.cli import commands
from policyscan.cli.plan_commands import GRAPH_FORMATS
from tests.plans import change, document

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = str(ROOT / "fixtures" / "reference" / "plan.json")
NESTED = str(ROOT / "fixtures" / "variants" / "nested" / "plan.json")
INFRA = str(ROOT / "infra")
SERVICE = 'module.service["fraud-detection"].aws_ecs_service.this[0]'
TASK = 'module.service["fraud-detection"].aws_ecs_task_definition.this[0]'
REPOSITORY = 'aws_ecr_repository.this["fraud-detection"]'


@pytest.fixture(name="graph")
def _graph(capsys: pytest.CaptureFixture[str]) -> Any:
    """Run the command: exit code, stdout and stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = commands.run(["graph", *arguments])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


def plan_file(folder: Path, **parts: Any) -> str:
    path = folder / "plan.json"
    path.write_text(json.dumps(document([change("aws_eip.e"), change("aws_eip.f[0]")], **parts)))
    return str(path)


def test_text_is_the_default_and_shows_every_instance(graph: Any) -> None:
    code, out, err = graph(REFERENCE, "--source-dir", INFRA)
    assert (code, err) == (0, "")
    assert out.startswith(f"{REFERENCE}: 74 instances, ")
    assert f"task_definition <- {TASK}.arn  (exact)" in out


@pytest.mark.parametrize(
    ("format_name", "start"),
    [
        ("text", REFERENCE),
        ("json", "{\n"),
        ("dot", "digraph plan {\n"),
        ("mermaid", "flowchart LR"),
    ],
)
def test_each_format_goes_to_stdout_or_to_a_file(
    graph: Any, format_name: str, start: str, tmp_path: Path
) -> None:
    _, out, _ = graph(REFERENCE, "-f", format_name)
    path = tmp_path / "graph"
    code, silent, err = graph(REFERENCE, "-f", format_name, "-o", str(path))
    assert (code, silent, err, path.read_text()) == (0, "", "", out)
    assert out.startswith(start)


def test_of_shows_both_directions_to_a_depth(graph: Any) -> None:
    _, out, _ = graph(REFERENCE, "--of", TASK, "--depth", "1", "-f", "json", "--kind", "value")
    edges = {(edge["from"], edge["to"]) for edge in json.loads(out)["edges"]}
    assert (SERVICE, TASK) in edges
    assert (TASK, REPOSITORY) in edges
    assert [edge for edge in edges if TASK not in edge] == []


def test_path_prints_every_hop(graph: Any) -> None:
    code, out, err = graph(REFERENCE, "--source-dir", INFRA, "--path", SERVICE, REPOSITORY)
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        f"from {SERVICE} to {REPOSITORY}: 2 hops",
        "",
        SERVICE,
        f"1. task_definition <- {TASK}.arn  (exact)",
        f"2. container_definitions <- {REPOSITORY}.repository_url  (exact)",
        '    via module.service["fraud-detection"].var.image',
    ]


def test_no_path_is_no_error(graph: Any) -> None:
    assert graph(REFERENCE, "--path", REPOSITORY, SERVICE) == (
        0,
        f"no path from {REPOSITORY} to {SERVICE}\n",
        "",
    )


@pytest.mark.parametrize("kind", ["value", "depends"])
def test_a_kind_shows_its_edges_alone(graph: Any, kind: str) -> None:
    _, out, _ = graph(REFERENCE, "-f", "json", "--kind", kind)
    assert {edge["kind"] for edge in json.loads(out)["edges"]} == {kind}


@pytest.mark.parametrize(
    ("flags", "is_all"),
    [
        (["-f", "json"], True),
        (["-f", "text"], False),
        (["-f", "dot"], False),
        (["-f", "mermaid"], False),
        (["-f", "dot", "--path", SERVICE, REPOSITORY], True),
    ],
)
def test_programs_and_paths_know_every_edge_unasked(
    graph: Any, flags: list[str], *, is_all: bool
) -> None:
    unasked, asked = graph(REFERENCE, *flags), graph(REFERENCE, *flags, "--kind", "all")
    assert (unasked == asked) is is_all


@pytest.mark.parametrize(
    ("address", "hint"),
    [
        ("aws_eip.ee", "did you mean aws_eip.e or aws_eip.f[0]?"),
        ("aws_eip.f", "did you mean aws_eip.f[0]?"),
        ("zzz", "`policyscan graph` lists them all"),
        ("a\n\x1b[2J", "`policyscan graph` lists them all"),
    ],
)
@pytest.mark.parametrize("flag", ["--of", "--path"])
def test_an_address_that_is_not_there_is_refused_in_one_line(
    graph: Any, address: str, hint: str, flag: str, tmp_path: Path
) -> None:
    plan = plan_file(tmp_path)
    others = ["aws_eip.e"] if flag == "--path" else []
    code, out, err = graph(plan, flag, *others, address)
    shown = address.replace("\n", " ").replace("\x1b", "\\u001b")
    assert (code, out) == (2, "")
    assert err == f"policyscan: {plan}: no instance {shown} in this plan; {hint}\n"


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--of", "a.b", "--path", "a.b", "c.d"], "--of and --path: give one of them"),
        (["--depth", "2", "--path", "a.b", "c.d"], "--depth and --path: "),
        (["--source-dir", "nowhere"], "--source-dir nowhere: no such folder"),
        (["--replay", "always"], "a replay needs the source"),
    ],
)
def test_flags_that_cannot_be_are_refused(
    graph: Any, flags: list[str], message: str, tmp_path: Path
) -> None:
    code, out, err = graph(plan_file(tmp_path), *flags)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert message in err


@pytest.mark.parametrize(
    ("parts", "remark"),
    [
        ({"errored": True}, "planning failed"),
        ({"complete": False}, "only a part was planned"),
        ({"resource_changes": []}, "the plan holds no resource"),
    ],
)
def test_a_plan_that_is_not_whole_is_drawn_with_a_remark(
    graph: Any, parts: dict[str, Any], remark: str, tmp_path: Path
) -> None:
    code, out, err = graph(plan_file(tmp_path, **parts), "-f", "json")
    count = 0 if "resource_changes" in parts else 2
    assert (code, len(json.loads(out)["nodes"])) == (0, count)
    assert (remark in err, len(err.splitlines())) == (True, 1)


def sureness(out: str) -> set[str]:
    """How sure the value edges of a JSON graph are."""
    edges = json.loads(out)["edges"]
    return {edge["confidence"] for edge in edges if edge["kind"] == "value"}


@pytest.mark.usefixtures("terraform")
def test_a_replay_makes_every_value_edge_exact(graph: Any) -> None:
    _, guessed, _ = graph(NESTED, "-f", "json", "--replay", "never")
    code, proven, err = graph(NESTED, "-f", "json")
    assert (sureness(guessed), sureness(proven)) == ({"exact", "inferred", "ambiguous"}, {"exact"})
    assert (code, err) == (0, "")


def test_without_terraform_the_graph_says_what_it_is_not_sure_of(
    graph: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    code, out, err = graph(NESTED, "-f", "json")
    assert (code, sureness(out)) == (0, {"exact", "inferred", "ambiguous"})
    assert err.startswith("policyscan: not every edge is exact, and there is no replay: ")
    assert len(err.splitlines()) == 1


def test_values_of_the_plan_are_never_shown(graph: Any, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    entry = change("aws_eip.e", after={"tags": {"a": "hunter2"}, "name": "hunter2"})
    path.write_text(json.dumps(document([entry])))
    for format_name in GRAPH_FORMATS:
        assert "hunter2" not in graph(str(path), "-f", format_name)[1]
