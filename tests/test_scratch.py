"""Private folders: whose they are, and who removes which."""

from __future__ import annotations

import fcntl
import os
import stat
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from policyscan import scratch
from policyscan.errors import PolicyscanError
from policyscan.scratch import private_folder

LOCK = ".policyscan-lock"
DYING = """
import os
from policyscan.scratch import private_folder
with private_folder() as folder:
    (folder / "sub").mkdir()
    (folder / "sub" / "file").touch()
    (folder / "sub").chmod(0o500)
    os._exit(0)
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The temporary folder of the test."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


def names(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()}


def dead(place: Path) -> Path:
    """A folder whose maker is no more."""
    before = names(place)
    subprocess.run([sys.executable, "-c", DYING], check=True)
    [name] = names(place) - before
    return place / name


def test_it_is_private_and_gone_at_the_end(place: Path) -> None:
    with private_folder() as folder:
        assert folder.parent == place.resolve()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (folder / "file").write_text("secret")
        (folder / "sub").mkdir(mode=0o500)
    assert names(place) == set()


def test_it_is_gone_after_an_error(place: Path) -> None:
    with pytest.raises(KeyError), private_folder():
        raise KeyError
    assert names(place) == set()


def test_what_a_dead_process_left_is_removed_by_the_next(place: Path) -> None:
    left = {dead(place).name}
    # Another one came and went meanwhile, and saw to the first.
    assert names(place) == left
    with private_folder() as folder:
        assert names(place) == {folder.name}


def test_a_folder_in_use_is_left_alone(place: Path) -> None:
    with private_folder() as one, private_folder() as other:
        assert one != other
        assert names(place) == {one.name, other.name}
        dead(place)
        assert {one.name, other.name} < names(place)


@pytest.mark.parametrize("name", ["policyscan-notes", "policyscan-abcdefgh"])
def test_a_folder_without_a_lock_is_somebody_s(place: Path, name: str) -> None:
    (place / name).mkdir(mode=0o700)
    (place / name / "file").touch()
    with private_folder():
        pass
    assert (place / name / "file").exists()


def test_a_folder_that_others_may_enter_is_not_ours(place: Path) -> None:
    folder = dead(place)
    folder.chmod(0o755)
    with private_folder():
        pass
    assert (folder / LOCK).exists()


def test_a_folder_of_another_user_is_left_alone(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = dead(place)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with private_folder():
        pass
    assert (folder / LOCK).exists()


def test_links_lead_nowhere(place: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir(mode=0o700)
    (target / LOCK).touch()
    (place / "policyscan-linked00").symlink_to(target)
    own = place / "policyscan-own00000"
    own.mkdir(mode=0o700)
    (own / LOCK).symlink_to(target / LOCK)
    within = dead(place)
    (within / "sub").chmod(0o700)
    (within / "sub" / "link").symlink_to(target)
    mode = target.stat().st_mode
    with private_folder():
        pass
    assert names(target) == {LOCK}
    assert target.stat().st_mode == mode
    assert names(place) == {"policyscan-linked00", "policyscan-own00000"}


def test_what_was_taken_for_abandoned_is_made_anew(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = os.open
    stolen: list[Path] = []

    def steal(path: Path, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        lock = opened(path, flags, mode, dir_fd=dir_fd)
        if isinstance(path, Path) and flags & os.O_CREAT and not stolen:
            other = opened(path, os.O_RDWR)
            fcntl.flock(other, fcntl.LOCK_EX)
            stolen.append(path.parent)
        return lock

    monkeypatch.setattr(os, "open", steal)
    with private_folder() as folder:
        assert stolen
        assert folder not in stolen
    assert names(place) == {each.name for each in stolen}


def test_many_at_once_keep_theirs(place: Path) -> None:
    def work(number: int) -> bool:
        with private_folder() as folder:
            (folder / "file").write_text(str(number))
            time.sleep(0.001)
            return (folder / "file").read_text() == str(number)

    with ThreadPoolExecutor(16) as at_once:
        assert all(at_once.map(work, range(300)))
    assert names(place) == set()


def test_no_more_than_a_few_are_removed_by_one(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch, "_MOST_REMOVED", 1)
    for number in range(3):
        folder = place / f"policyscan-{number:08}"
        folder.mkdir(mode=0o700)
        (folder / LOCK).touch()
    with private_folder():
        assert len(names(place)) == 3
    with private_folder():
        assert len(names(place)) == 2


def test_no_place_is_one_line(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(place / "gone"))
    with (
        pytest.raises(PolicyscanError, match=r"gone: no private folder can be made .* TMPDIR"),
        private_folder(),
    ):
        pass
