from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from policyscan.bridges.home import Checkov, catalogue_of, home, lock, locked, set_up, stamp
from policyscan.bridges.setup import _alone, adopt, check, install, remove
from policyscan.errors import CheckovError
from tests.bridges.homes import HOME, files

ROOT = Path(__file__).resolve().parents[2]
SCAN = (sys.executable, "-m", "policyscan")


@pytest.fixture
def made(folder: Path) -> Checkov:
    """A home as setup leaves it, whose Python is ours and has no Checkov."""
    folder.mkdir(parents=True)
    catalogue_of(folder).touch()
    checkov = Checkov(
        python=sys.executable,
        version="3.3.30",
        quick=True,
        locked=locked(),
        catalogue=str(catalogue_of(folder)),
    )
    stamp(folder, checkov)
    return checkov


def test_what_was_never_set_up_is_none(folder: Path) -> None:
    assert set_up() is None
    assert not folder.exists()


def test_what_was_set_up_is_found(made: Checkov) -> None:
    assert set_up() == made


def test_half_a_home_says_what_to_do(made: Checkov, folder: Path) -> None:
    del made
    (folder / "stamp.json").unlink()
    with pytest.raises(CheckovError) as refused:
        set_up()
    assert str(refused.value) == (f"{folder}: Checkov is only half set up; run `policyscan setup`")


@pytest.mark.parametrize("change", [{"locked": "0" * 64}, {"format": 0}])
def test_a_home_of_another_policyscan_says_what_to_do(
    made: Checkov, folder: Path, change: dict[str, str]
) -> None:
    (folder / "stamp.json").write_text(json.dumps({**made._asdict(), **change}), encoding="utf-8")
    with pytest.raises(CheckovError) as refused:
        set_up()
    assert str(refused.value) == (
        f"{folder}: Checkov 3.3.30 was set up by another policyscan; run `policyscan setup`"
    )


def test_a_home_whose_python_is_gone_says_what_to_do(made: Checkov, folder: Path) -> None:
    stamp(folder, made._replace(python=str(folder / "gone")))
    with pytest.raises(CheckovError, match=r"the Python that ran Checkov 3\.3\.30 is gone; run"):
        set_up()


def test_a_check_sees_that_checkov_does_not_run(made: Checkov) -> None:
    with pytest.raises(CheckovError, match="there is no Checkov that runs with this Python"):
        check()
    del made


def test_a_python_without_checkov_is_refused_and_nothing_is_left(folder: Path) -> None:
    with pytest.raises(CheckovError, match="there is no Checkov that runs with this Python"):
        adopt(sys.executable, print)
    assert files(folder.parent) == []


def test_a_python_that_does_not_exist_is_refused(folder: Path) -> None:
    with pytest.raises(CheckovError, match="not a program that can be run"):
        adopt(str(folder / "python"), print)


def test_without_a_network_nothing_is_left_but_the_reason(
    made: Checkov, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    before = files(folder.parent)
    with pytest.raises(
        CheckovError, match=r"^Checkov was not installed, \w+[\w.]* left with \d"
    ) as no:
        install(print)
    assert len(str(no.value).splitlines()) == 1
    assert files(folder.parent) == before
    assert set_up() == made


def test_two_setups_at_once_are_refused(folder: Path) -> None:
    with _alone(folder), pytest.raises(CheckovError, match="another `policyscan setup` is at work"):
        install(print)
    assert files(folder.parent) == []


def test_what_a_killed_setup_left_goes_with_the_next(folder: Path) -> None:
    left = folder.parent / f"{folder.name}.unfinished-abc"
    left.mkdir(parents=True)
    (left / "file").touch()
    with pytest.raises(CheckovError):
        adopt(sys.executable, print)
    assert files(folder.parent) == []


def test_a_home_that_cannot_be_written_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "file"
    blocked.touch()  # root writes where it may not, but not below a file
    monkeypatch.setenv(HOME, str(blocked / "checkov"))
    with pytest.raises(CheckovError, match=r"cannot be written: .*; POLICYSCAN_CHECKOV_HOME names"):
        install(print)


def test_a_folder_of_someone_else_is_never_replaced_nor_removed(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "thesis.txt").touch()
    for attempt in (lambda: install(print), remove):
        with pytest.raises(CheckovError, match="not made by `policyscan setup`"):
            attempt()
    assert files(folder) == ["thesis.txt"]


def test_remove_takes_away_what_was_made(made: Checkov, folder: Path) -> None:
    del made
    assert remove()
    assert not folder.exists()
    assert not remove()


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {"XDG_CACHE_HOME": "/caches"}, "/caches/policyscan/checkov"),
        ("linux", {"HOME": "/people/me"}, "/people/me/.cache/policyscan/checkov"),
        ("darwin", {"HOME": "/people/me"}, "/people/me/Library/Caches/policyscan/checkov"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/policyscan/checkov"),
        ("linux", {HOME: "/named"}, "/named"),
    ],
)
def test_the_home_is_in_the_cache_of_the_user(
    monkeypatch: pytest.MonkeyPatch, platform: str, variables: dict[str, str], expected: str
) -> None:
    for name in (HOME, "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert home() == Path(expected)


def test_the_lock_is_that_of_the_constraints_and_the_wheel_carries_it() -> None:
    assert lock() == ROOT / "constraints" / "checkov.txt"
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    target = wheel["targets"]["wheel"]
    assert "constraints/checkov.txt" in target["only-include"]
    assert target["sources"]["constraints"] == "policyscan/_constraints"


def test_the_command_refuses_in_one_line_with_exit_2(folder: Path) -> None:
    done = subprocess.run(
        (*SCAN, "setup", "--check"), check=False, capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 2
    assert done.stderr == "policyscan: Checkov is not set up; run `policyscan setup`\n"
    assert not folder.exists()


def test_the_command_takes_a_checkov_of_the_user_and_says_its_version(
    checkov: Checkov, folder: Path
) -> None:
    began = time.monotonic()
    done = subprocess.run(
        (*SCAN, "setup", "--checkov-python", checkov.python),
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert (done.returncode, done.stdout) == (0, f"Checkov {checkov.version}, in {folder}\n")
    assert "results are the same" in done.stderr
    assert time.monotonic() - began < 180
    shown = subprocess.run(
        (*SCAN, "setup", "--check"), check=True, capture_output=True, text=True, cwd=ROOT
    )
    assert shown.stdout == done.stdout
    found = set_up()
    assert found is not None
    assert found.quick


@pytest.fixture
def without_worker(checkov: Checkov, tmp_path: Path) -> Path:
    """A Python that runs Checkov, but not the worker."""
    path = tmp_path / "python"
    path.write_text(
        f'#!/bin/sh\ncase "$*" in *worker.main*) exit 1;; esac\nexec {checkov.python} "$@"\n',
        encoding="utf-8",
    )
    path.chmod(0o755)
    return path


def test_a_checkov_that_fails_the_self_test_is_run_by_its_command_line(
    without_worker: Path, folder: Path
) -> None:
    said: list[str] = []
    found = adopt(str(without_worker), said.append)
    assert not found.quick
    assert said[-1] == (
        "Checkov ended without an answer; its own command line will be used, which is slower"
    )
    assert set_up() == found
    assert files(folder) == ["catalogue.json", "stamp.json"]
