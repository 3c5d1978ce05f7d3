"""What a scan takes: several plans, patterns, saved plans, and the source that goes with them."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from policyscan.cli.commands import run
from policyscan.cli.inputs import Input, SourceChoice, expand, open_input
from policyscan.errors import PolicyscanError
from tests.conftest import SavedPlan
from tests.planfiles import manifest, zipped
from tests.plans import block, change, document

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "fixtures"
REFERENCE = FIXTURES / "reference" / "plan.json"
BROKEN = FIXTURES / "reference_broken" / "plan.json"
BUCKET = 'resource "aws_s3_bucket" "b" {}\n'


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory; private folders are made in `../temporary`."""
    place = tmp_path / "here"
    (tmp_path / "temporary").mkdir()
    place.mkdir()
    monkeypatch.chdir(place)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    return place


def left_behind(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "temporary").iterdir())


def write(name: str, content: str | bytes | None = None) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    if content is None:
        root = {"resources": [block("aws_s3_bucket.b")]}
        content = json.dumps(document([change("aws_s3_bucket.b")], root))
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def reported(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, Any, str]:
    """Exit code, JSON report and stderr of a scan."""
    code = run([*arguments, "-f", "json"])
    said = capsys.readouterr()
    return code, json.loads(said.out), said.err


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line of a scan that judges nothing."""
    code = run(arguments)
    said = capsys.readouterr()
    assert (code, said.out) == (2, "")
    [line] = said.err.splitlines()
    return line


def standard_input(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


# -- which plans ---------------------------------------------------------------------------------


def test_a_quoted_pattern_is_expanded_sorted_and_in_argument_order() -> None:
    for name in ("z.json", "b/2.json", "b/10.json", "a/deep/plan.json", "a/notes.txt"):
        write(name)
    assert expand(["z.json", "**/*.json"]) == (
        "z.json",
        "a/deep/plan.json",
        "b/10.json",
        "b/2.json",
    )
    assert expand(["b/*.json"]) == ("b/10.json", "b/2.json")
    assert expand(["?/[0-9].json"]) == ("b/2.json",)
    assert expand(["b/**"]) == ("b/10.json", "b/2.json")
    assert expand([f"{Path.cwd()}/b/1*.json"]) == (f"{Path.cwd()}/b/10.json",)
    assert expand(["../here/z*"]) == ("../here/z.json",)


def test_a_pattern_leaves_out_hidden_files_unless_it_asks_for_them() -> None:
    for name in ("plan.json", ".hidden.json", ".terraform/modules/modules.json"):
        write(name)
    assert expand(["**/*.json"]) == ("plan.json",)
    assert expand([".*.json"]) == (".hidden.json",)


def test_folders_that_a_pattern_matches_are_left_out() -> None:
    write("plans/a.json")
    Path("folder.json").mkdir()
    assert expand(["**/*.json"]) == ("plans/a.json",)


def test_links_in_circles_do_not_multiply_what_a_pattern_matches() -> None:
    write("plans/a.json")
    for number in range(5):
        Path(f"plans/again{number}").symlink_to(".")
    begun = time.monotonic()
    assert expand(["**/*.json"]) == ("plans/a.json",)
    assert time.monotonic() - begun < 2


def test_a_file_whose_name_looks_like_a_pattern_is_that_file() -> None:
    write("plan[1].json")
    write("plan1.json")
    assert expand(["plan[1].json"]) == ("plan[1].json",)


def test_the_same_file_is_judged_once_where_it_comes_first() -> None:
    write("a.json")
    write("b.json")
    Path("link.json").symlink_to("a.json")
    assert expand(["b.json", "./a.json", "*.json", "-", "-"]) == ("b.json", "./a.json", "-")


@pytest.mark.parametrize("pattern", ["no/*.json", "**.tfplan", "a**/x", "[", "*/", "?" * 5000])
def test_a_pattern_that_matches_nothing_is_one_line(
    pattern: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "matches no file; check the pattern" in refused([pattern], capsys)


def test_one_bad_plan_among_several_is_reported_in_its_place_and_the_others_are_judged(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write("a.json")
    write("b.json", "{")
    arguments = ["a.json", "b.json", "no/*.json", str(BROKEN)]
    code, found, said = reported(arguments, capsys)
    assert code == 2
    assert [each["plan"]["path"] for each in found] == arguments
    assert [len(each["errors"]) for each in found] == [0, 1, 1, 0]
    assert [bool(each["verdicts"]) for each in found] == [True, False, False, True]
    assert [each["summary"]["exit_code"] for each in found] == [1, 2, 2, 1]
    assert [line.removeprefix("policyscan: ") for line in said.splitlines()] == [
        each["errors"][0] for each in found if each["errors"]
    ]
    assert set(found[0]) == set(found[1])
    assert {key: set(found[0][key]) for key in ("plan", "summary", "tool")} == {
        key: set(found[1][key]) for key in ("plan", "summary", "tool")
    }


def test_the_text_report_names_the_bad_plan_among_the_others(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write("a.json")
    assert run(["a.json", "gone.json"]) == 2
    said = capsys.readouterr()
    assert "error: gone.json: no such file; check the path\nNOT JUDGED" in said.out
    assert said.err == "policyscan: gone.json: no such file; check the path\n"


def test_broken_source_of_one_plan_leaves_the_others_judged(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write("good/plan.json")
    write("bad/plan.json")
    write("bad/main.tf", "resource {{{")
    code, found, _ = reported(["*/plan.json"], capsys)
    assert code == 2
    assert [bool(each["errors"]) for each in found] == [True, False]
    assert found[0]["errors"][0].startswith("bad/main.tf:1: ")


def test_a_wrong_flag_ends_all_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    write("a.json")
    write("b.json")
    assert "--source-dir nowhere: no such folder" in refused(
        ["a.json", "b.json", "--source-dir", "nowhere"], capsys
    )
    assert "PS303.maxx" in refused(["a.json", "b.json", "--set", "PS303.maxx=3"], capsys)


# -- saved plans ---------------------------------------------------------------------------------


def verdicts(document: dict[str, Any], *prefixes: str) -> Any:
    """The verdicts, each file named from the root module."""
    text = json.dumps(document["verdicts"])
    for prefix in prefixes:
        text = text.replace(f'"file": "{prefix}', '"file": "')
    assert '"file": "/' not in text
    return json.loads(text)


@pytest.mark.parametrize(
    "name", sorted(path.name for path in FIXTURES.iterdir() if path.name.startswith("reference"))
)
def test_a_saved_plan_alone_gives_the_verdicts_of_its_json_and_folder(
    name: str,
    saved_plans: Callable[[str], SavedPlan],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    plan = saved_plans(name)
    code, alone, _ = reported([str(plan.path)], capsys)
    folder = str(plan.configuration)
    wanted, beside, _ = reported(
        [str(FIXTURES / name / "plan.json"), "--source-dir", folder], capsys
    )
    assert code == wanted
    # Some fixtures have their modules by a link.
    assert verdicts(alone, f"{plan.path}:") == verdicts(beside, f"{folder}/", f"{ROOT}/infra/")
    assert left_behind(tmp_path) == []


def test_plan_json_takes_its_source_from_the_saved_plan_given(
    saved_plans: Callable[[str], SavedPlan], capsys: pytest.CaptureFixture[str]
) -> None:
    plan = saved_plans("reference")
    code, found, said = reported([str(REFERENCE), "--planfile", str(plan.path)], capsys)
    assert (code, said) == (0, "")
    files = {each["source"]["file"] for each in found["verdicts"] if each["source"]}
    assert f"{plan.path}:modules/service/main.tf" in files


def test_the_text_report_quotes_the_source_of_a_saved_plan(
    saved_plans: Callable[[str], SavedPlan],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    plan = saved_plans("reference_broken")
    assert run([str(plan.path)]) == 1
    said = capsys.readouterr().out
    assert f"{plan.path}:modules/service/main.tf:" in said
    # The line itself, as it stands in the source.
    assert re.search(r"^ +\d+ \u2502 +(image|task_definition|resource) ", said, re.MULTILINE)
    assert str(tmp_path / "temporary") not in said


@pytest.mark.parametrize("packed", [False, True])
def test_a_saved_plan_comes_from_standard_input_too(
    packed: bool,  # noqa: FBT001 - a case
    saved_plans: Callable[[str], SavedPlan],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    content = saved_plans("reference").path.read_bytes()
    standard_input(gzip.compress(content) if packed else content, monkeypatch)
    code, found, _ = reported(["-"], capsys)
    assert code == 0
    files = {each["source"]["file"] for each in found["verdicts"] if each["source"]}
    assert "tfplan:modules/service/main.tf" in files
    assert left_behind(tmp_path) == []


def test_the_source_of_a_saved_plan_can_be_left_or_given_elsewhere(
    saved_plans: Callable[[str], SavedPlan],
) -> None:
    plan = saved_plans("reference")
    with open_input(str(plan.path), SourceChoice(no_source=True)) as given:
        assert given.source is None
    with open_input(str(plan.path), SourceChoice(str(plan.configuration))) as given:
        assert given.source is not None
        assert given.source.directory == plan.configuration


def test_the_unpacked_source_is_private_and_lives_as_long_as_the_input(
    saved_plans: Callable[[str], SavedPlan], tmp_path: Path
) -> None:
    with open_input(str(saved_plans("reference").path), SourceChoice()) as given:
        assert isinstance(given, Input)
        assert given.source is not None
        assert (given.source.directory / "ecs.tf").is_file()
        assert {path.stat().st_mode & 0o777 for path in left_behind(tmp_path)} == {0o700}
    assert left_behind(tmp_path) == []


def test_a_replay_that_fails_names_the_saved_plan_and_not_the_private_folder(
    saved_plans: Callable[[str], SavedPlan], capsys: pytest.CaptureFixture[str]
) -> None:
    other = saved_plans("reference").path
    arguments = [str(BROKEN), "--planfile", str(other), "--replay"]
    assert refused([*arguments, "always"], capsys).startswith(
        f"policyscan: {other}: not the source"
    )
    _, found, _ = reported([*arguments, "auto"], capsys)
    assert found["summary"]["replay"]["why"].startswith(f"{other}: not the source")


def test_a_saved_plan_without_terraform_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write("tfplan", zipped({}))
    monkeypatch.setenv("PATH", "")
    assert refused(["tfplan"], capsys).startswith("policyscan: tfplan: terraform is not on PATH")


def test_a_damaged_saved_plan_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    write("tfplan", zipped({})[:-5])
    assert "damaged or cut off" in refused(["tfplan"], capsys)


def test_a_hostile_saved_plan_beside_the_json_is_one_line_and_writes_nothing(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    write("plan.json")
    write(
        "tfplan",
        zipped(
            {"tfconfig/m-/../../../../x.tf": "", "tfconfig/modules.json": manifest(("", "", "."))}
        ),
    )
    before = sorted(tmp_path.rglob("*"))
    assert "member tfconfig/m-/" in refused(["plan.json", "--planfile", "tfplan"], capsys)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["plan.json", "--planfile", "gone"], "gone: cannot be read"),
        (["plan.json", "--planfile", "plan.json"], "plan.json: the saved plan is damaged"),
        (["plan.json", "--planfile", "tfplan", "--source-dir", "."], "leave one out"),
        (["plan.json", "other.json", "--planfile", "tfplan"], "source of one plan"),
    ],
)
def test_a_saved_plan_that_cannot_be_the_source_is_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write("plan.json")
    write("other.json")
    write("tfplan", zipped({}))
    write("main.tf", BUCKET)
    assert said in refused(arguments, capsys)


# -- a folder instead of a plan --------------------------------------------------------------------


@pytest.mark.usefixtures("terraform")
def test_a_folder_is_planned_offline_and_judged_with_its_source(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(FIXTURES / "rules" / "PS805" / "fail", "here")
    shutil.copytree("here", "there")
    code, documents, said = reported(["here", "there/plan.json"], capsys)
    planned, given = (
        [(each["rule"], each["address"], each["verdict"], each["source"]) for each in verdicts]
        for verdicts in (document["verdicts"] for document in documents)
    )
    assert (code, said, documents[0]["plan"]["path"]) == (1, "", "here")
    shown = [
        (*rest, at and {**at, "file": at["file"].replace("there/", "here/")}) for *rest, at in given
    ]
    assert planned == shown
    assert left_behind(tmp_path) == []
    assert not (Path("here") / ".terraform").exists()


@pytest.mark.usefixtures("terraform")
def test_a_folder_that_cannot_be_planned_says_what_to_do(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write("empty/notes.txt", "")
    assert "empty: holds no .tf or .tf.json file" in refused(["empty"], capsys)
    write("open/main.tf", 'variable "name" {}\n' + BUCKET)
    line = refused(["open"], capsys)
    assert line.startswith(
        "policyscan: open/main.tf:1: variable name not set; pass --var name=VALUE"
    )
    assert run(["open", "--exit-zero", "--var", "name=x"]) == 0
    write("open/terraform.tfvars", 'name = "x"\n')
    assert run(["open", "--exit-zero"]) == 0


# -- folders of source ---------------------------------------------------------------------------


def source_refusal(folder: str) -> str:
    """The line that refuses a folder of source."""
    with (
        pytest.raises(PolicyscanError) as caught,
        open_input(str(write("plan.json")), SourceChoice(folder)),
    ):
        pass
    [line] = str(caught.value).splitlines()
    return line


def unreadable(folder: str) -> tuple[str, ...]:
    """What is not at hand of a folder of source."""
    with open_input(str(write("plan.json")), SourceChoice(folder)) as given:
        assert given.source is not None
        return given.source.unreadable


def calling(source: str) -> str:
    return f'module "m" {{\n  source = "{source}"\n}}\n'


def test_a_link_that_leads_nowhere_or_in_a_circle_is_named() -> None:
    write("infra/main.tf", BUCKET)
    for number in range(20):
        Path(f"infra/{number}.tf").symlink_to(f"{number}.tf")
        assert source_refusal("infra") == f"infra/{number}.tf: a link to no file; mend or remove it"
        Path(f"infra/{number}.tf").unlink()
    Path("infra/loop.tf").symlink_to("loop.tf")
    assert source_refusal("infra") == "infra/loop.tf: a link to no file; mend or remove it"
    Path("infra/loop.tf").unlink()
    # What an editor leaves beside a file that is open.
    Path("infra/.#main.tf").symlink_to("nobody@nowhere")
    assert unreadable("infra") == ()


def test_a_folder_that_is_a_circle_of_links_is_no_folder(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write("plan.json")
    Path("infra").symlink_to("infra")
    assert "no such folder" in refused(["plan.json", "--source-dir", "infra"], capsys)


@pytest.mark.parametrize(
    "source", ["./loop", "./gone", "./x\\u0000", "./\\ud800", "./" + "x" * 5000]
)
def test_a_module_whose_folder_is_none_is_said_to_be_unreadable(source: str) -> None:
    write("infra/main.tf", calling(source))
    Path("infra/loop").symlink_to("loop")
    [note] = unreadable("infra")
    assert note.startswith("module.m: source ./")
    assert len(note.splitlines()) == 1


@pytest.mark.parametrize(
    "place", ["/nonexistent/x", "../../../../../../nonexistent", "gone", "loop", "x" * 5000, "a\0b"]
)
def test_an_installed_module_whose_folder_is_none_is_unreadable_or_one_line(place: str) -> None:
    write("infra/main.tf", calling("example/m/aws"))
    Path("infra/loop").symlink_to("loop")
    listed = {"Modules": [{"Key": "m", "Source": "example/m/aws", "Dir": place}]}
    write("infra/.terraform/modules/modules.json", json.dumps(listed))
    if "\0" in place:
        assert "is no list of modules" in source_refusal("infra")
    else:
        [note] = unreadable("infra")
        assert note.startswith("module.m: source example/m/aws is not at hand")


@pytest.mark.parametrize("place", [".", "../infra", "./a/.."])
def test_an_installed_module_that_is_the_module_calling_it_is_one_line(place: str) -> None:
    write("infra/main.tf", calling("example/m/aws"))
    Path("infra/a").mkdir()
    listed = {"Modules": [{"Key": "m", "Source": "example/m/aws", "Dir": place}]}
    write("infra/.terraform/modules/modules.json", json.dumps(listed))
    assert "module.m calls a module that it is part of" in source_refusal("infra")


@pytest.mark.parametrize("text", ["{", "[]", '{"Modules": 1}', "[" * 100_000, '{"Modules": [1]}'])
def test_a_list_of_modules_that_is_none_is_one_line(text: str) -> None:
    write("infra/main.tf", BUCKET)
    write("infra/.terraform/modules/modules.json", text)
    assert "modules.json:1: is no list of modules" in source_refusal("infra")


def test_modules_that_double_at_each_level_end_in_one_line() -> None:
    for level in range(40):
        calls = "".join(
            f'module "{name}" {{\n  source = "../{level + 1}"\n}}\n' for name in ("a", "b")
        )
        write(f"infra/{level}/main.tf", calls)
    write("infra/40/main.tf", BUCKET)
    begun = time.monotonic()
    assert "calls more than 20000 modules" in source_refusal("infra/0")
    assert time.monotonic() - begun < 20


def test_a_file_far_larger_than_any_configuration_is_one_line() -> None:
    path = write("infra/main.tf", "")
    os.truncate(path, 10**10)
    begun = time.monotonic()
    assert source_refusal("infra").startswith("infra/main.tf:1: is larger than ")
    assert time.monotonic() - begun < 5


def test_pipes_and_folders_called_like_source_are_none() -> None:
    write("infra/main.tf", BUCKET)
    os.mkfifo("infra/pipe.tf")
    Path("infra/folder.tf").mkdir()
    assert unreadable("infra") == ()


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable to root")
def test_a_folder_that_may_not_be_read_is_one_line() -> None:
    write("infra/main.tf", BUCKET)
    Path("infra").chmod(0)
    try:
        assert "infra: cannot be read: Permission denied" in source_refusal("infra")
    finally:
        Path("infra").chmod(0o700)


def test_hidden_files_beside_a_plan_are_no_source(capsys: pytest.CaptureFixture[str]) -> None:
    write("plan.json")
    write(".hidden.tf", "{{{")
    Path("folder.tf").mkdir()
    _, found, said = reported(["plan.json"], capsys)
    assert (found["errors"], said) == ([], "")
