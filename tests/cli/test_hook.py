"""`policyscan hook`: which root modules changed files belong to, and what becomes of them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from policyscan.cli.commands import run
from policyscan.cli.hook import root_modules

ROOT = Path(__file__).resolve().parents[2]

TREE = {
    "live/prod/main.tf": 'module "net" {\n  source = "../../modules/net"\n}\n',
    "live/prod/values/prod.tfvars": "",
    "live/dev/main.tf.json": '{"module": {"net": {"source": "../../modules/net"}}}',
    "live/old/main.tf": '# module "net" { source = "../../modules/net" }\n',
    "live/far/main.tf": 'module "net" {\n  source = "example.com/net/aws"\n}\n',
    "modules/net/main.tf": 'module "zone" {\n  source = "./zone"\n}\n',
    "modules/net/zone/main.tf": "",
    "modules/spare/main.tf": "",
    "ring/a/main.tf": 'module "b" {\n  source = "../b"\n}\n',
    "ring/b/main.tf": 'module "a" {\n  source = "../a"\n}\n',
    ".terraform/modules/x/main.tf": 'module "s" {\n  source = "../../../modules/spare"\n}\n',
    "broken/main.tf": 'module "s" {',
    "notes/readme.md": "",
}


@pytest.fixture(autouse=True)
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in TREE.items():
        path = tmp_path / "my code" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.chdir(tmp_path / "my code")


@pytest.mark.parametrize(
    ("changed", "roots"),
    [
        (["live/prod/main.tf"], ["live/prod"]),
        (["live/prod/values/prod.tfvars"], ["live/prod"]),
        (["modules/net/main.tf"], ["live/dev", "live/prod"]),
        (["modules/net/zone/main.tf"], ["live/dev", "live/prod"]),
        (["modules/spare/main.tf"], ["modules/spare"]),
        (["live/old/main.tf", "live/far/main.tf"], ["live/far", "live/old"]),
        (["ring/a/main.tf"], ["ring/a"]),
        (["broken/main.tf"], ["broken"]),
        (["notes/readme.md", "gone/main.tf"], []),
        ([], []),
    ],
)
def test_changed_files_belong_to_the_modules_that_nobody_calls(
    changed: list[str], roots: list[str]
) -> None:
    assert [str(each) for each in root_modules(map(Path, changed))] == roots


@pytest.mark.usefixtures("terraform")
def test_each_root_module_is_planned_and_judged(capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(ROOT / "fixtures" / "rules" / "PS805" / "fail", "live/fail")
    Path("live/fail/plan.json").unlink()
    only = ["--select", "PS805", "--set", "PS805.region=us-east-1", "--quiet", "--fail-on", "low"]
    assert run(["hook", *only, "live/fail/main.tf"]) == 1
    said = capsys.readouterr()
    assert "PS805" in said.out
    assert "live/fail/" in said.out
    # Whoever changes the module only is told of those that use it.
    child = next(iter(Path("live/fail").rglob("*/*.tf")))
    assert run(["hook", *only, str(child)]) == 1
    assert run(["hook", *only, "broken/main.tf"]) == 2
    assert "broken/main.tf:1" in capsys.readouterr().err


@pytest.mark.usefixtures("terraform")
def test_what_holds_nothing_to_judge_stops_no_commit() -> None:
    assert run(["hook", "modules/spare/main.tf"]) == 0
    assert run(["hook", "notes/readme.md"]) == 0
    assert run(["hook"]) == 0


def test_a_wrong_flag_is_refused_as_by_a_scan(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["hook", "--select", "NOPE", "modules/spare/main.tf"]) == 2
    assert "NOPE" in capsys.readouterr().err
    assert run(["hook", "--source-dir", "x", "modules/spare/main.tf"]) == 2
