"""`policyscan setup`: makes the environment Checkov lives in, or takes one of the user's."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from policyscan.bridges import asking
from policyscan.bridges.home import (
    SETUP,
    Checkov,
    catalogue_of,
    home,
    lock,
    locked,
    python_of,
    set_up,
    stamp,
    stamp_of,
)
from policyscan.bridges.self_test import compared
from policyscan.errors import CheckovError

Say = Callable[[str], None]
_UNFINISHED: Final = ".unfinished-"
_ENVIRONMENT: Final = "env"
_VERSION: Final = "from checkov.version import version; print(version)"


def install(say: Say) -> Checkov:
    """Install the locked Checkov and put it in place of what was there before.

    With uv where it is on PATH, else with the pip that this Python brings along. `say` is told what
    is being done. Raises CheckovError: it cannot be done; nothing is changed.
    """
    uv = shutil.which("uv")
    if uv is None and find_spec("ensurepip") is None:
        raise CheckovError(
            f"Checkov was not installed: {sys.executable} has no ensurepip to bring pip, and uv is "
            "not on PATH; install uv, or the package with ensurepip, on Debian python3-venv"
        )

    def environment(folder: Path) -> Path:
        inside = folder / _ENVIRONMENT
        make, installs = _commands(uv, inside)
        say(f"making an environment of {sys.executable} for Checkov")
        _run(make)
        say(f"installing Checkov and what it needs with {'uv' if uv else 'pip'}, 300 MB")
        _run((*installs, "--require-hashes", "--requirement", str(lock())))
        return python_of(inside)

    return _made(environment, locked(), say)


def _commands(uv: str | None, inside: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What makes an environment, and what installs into it but for what to install."""
    own, python = sys.executable, str(python_of(inside))
    if uv:
        by_uv = (uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python)
        return (uv, "venv", "--quiet", "--python", own, str(inside)), by_uv
    quiet = ("--quiet", "--disable-pip-version-check", "--no-input")
    return (own, "-m", "venv", str(inside)), (python, "-m", "pip", "install", *quiet)


def adopt(python: str, say: Say) -> Checkov:
    """Use the Checkov of another Python. Raises CheckovError: it has none, or it does not run."""
    found = shutil.which(python)
    if found is None:
        raise CheckovError(f"{python}: not a program that can be run")
    return _made(lambda _: Path(found).absolute(), "", say)


def remove() -> bool:
    """Remove what `install` made. Returns whether there was anything."""
    folder = home()
    if not folder.is_dir():
        return False
    with _alone(folder):
        _refuse_foreign(folder)
        shutil.rmtree(folder)
    return True


def check() -> Checkov:
    """The Checkov that is set up, seen to run. Raises CheckovError: it is none, or does not."""
    found = set_up()
    if found is None:
        raise CheckovError(f"Checkov is not set up; run `{SETUP}`")
    version = _version(Path(found.python))
    if version != found.version:
        raise CheckovError(
            f"{found.python}: Checkov is {version} now, not {found.version}; run `{SETUP}` again"
        )
    return found


def _made(environment: Callable[[Path], Path], lock_digest: str, say: Say) -> Checkov:
    folder = home()
    with _alone(folder):
        _refuse_foreign(folder)
        for left in folder.parent.glob(f"{folder.name}{_UNFINISHED}*"):
            shutil.rmtree(left, ignore_errors=True)
        made = Path(tempfile.mkdtemp(prefix=f"{folder.name}{_UNFINISHED}", dir=folder.parent))
        try:
            checkov = _tried(environment(made), made, lock_digest, say)
            inside = Path(checkov.python)
            python = folder / inside.relative_to(made) if inside.is_relative_to(made) else inside
            checkov = checkov._replace(python=str(python), catalogue=str(catalogue_of(folder)))
            stamp(made, checkov)
            _put(made, folder)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    return checkov


def _tried(python: Path, folder: Path, lock_digest: str, say: Say) -> Checkov:
    """List the checks, and see whether the worker does as Checkov does."""
    version = _version(python)
    checkov = Checkov(
        str(python), version, quick=True, locked=lock_digest, catalogue=str(catalogue_of(folder))
    )
    say(f"listing the checks of Checkov {version}")
    say("comparing the quick way to run it with its own command line")
    problem = ""
    try:
        _catalogue(checkov)
        results, different = compared(checkov, folder)
        problem = f"{different} of {results} results differ" if different else ""
    except CheckovError as error:
        problem = str(error)
    if not problem:
        say(f"all {results} results are the same")
        return checkov
    if lock_digest:
        raise CheckovError(f"Checkov {version} is not used, its self-test failed: {problem}")
    say(f"{problem}; its own command line will be used, which is slower")
    catalogue_of(folder).touch()
    return checkov._replace(quick=False)


def _catalogue(checkov: Checkov) -> None:
    request = json.dumps({"catalogue_to": checkov.catalogue})
    done = _ran(asking.worker(checkov.python), request + "\n")
    asking.read_worker(done.stdout)


def _version(python: Path) -> str:
    done = _ran((str(python), "-I", "-c", _VERSION))
    if done.returncode != 0:
        raise CheckovError(f"{python}: there is no Checkov that runs with this Python")
    return done.stdout.strip()


def _ran(command: Sequence[str], text: str = "") -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603 - commands of ours, with paths of the user's
            command,
            input=text,
            capture_output=True,
            check=False,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=asking.environment(),
        )
    except OSError as problem:
        raise CheckovError(f"{command[0]}: cannot be run: {problem.strerror}") from None


def _run(command: Sequence[str]) -> None:
    done = _ran(command)
    if done.returncode != 0:
        lines = [each.strip() for each in (done.stdout + done.stderr).splitlines() if each.strip()]
        reason = next((each for each in lines if each.lower().startswith("error")), "")
        raise CheckovError(
            f"Checkov was not installed, {Path(command[0]).name} left with {done.returncode}: "
            f"{reason or (lines or ['it gave no reason'])[-1]}"
        )


def _put(made: Path, folder: Path) -> None:
    """Swap the old home for the new one; only a rename, so that there is no half of either."""
    old = made.with_name(f"{made.name}-old")
    if folder.exists():
        folder.rename(old)
    made.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def _refuse_foreign(folder: Path) -> None:
    """Never remove a folder somebody named by mistake. Raises CheckovError: it is not ours."""
    ours = (catalogue_of(folder), stamp_of(folder))
    if folder.is_dir() and any(folder.iterdir()) and not any(each.exists() for each in ours):
        raise CheckovError(
            f"{folder}: not made by `{SETUP}`; POLICYSCAN_CHECKOV_HOME has to name a folder "
            "that is empty or does not exist"
        )


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One setup at a time. Raises CheckovError: another is at work, or nothing can be written."""
    path = folder.with_name(f"{folder.name}.lock")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            if not _locked(file.fileno()):
                raise CheckovError(f"another `{SETUP}` is at work in {folder}; wait until it ends")
            yield
    except OSError as problem:
        raise CheckovError(
            f"{folder}: cannot be written: {problem.strerror}; POLICYSCAN_CHECKOV_HOME names "
            "another folder"
        ) from None


def _locked(descriptor: int) -> bool:
    """Whether the lock is ours now; the operating system gives it back when we end."""
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 - only there

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415 - not there

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
