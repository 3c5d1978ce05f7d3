from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from policyscan.bridges.setup import install
from policyscan.errors import CheckovError
from tests.bridges.homes import HOME, files
from tests.required import missing, skip_if_left_out

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def tiny(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """In place of the lock one of 1 kB: a package that only says that it is Checkov 9.9.9.

    Nothing else is to be had, neither by pip nor by uv.
    """
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    wheel = wheels / "checkov-9.9.9-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as package:
        about = "checkov-9.9.9.dist-info"
        package.writestr("checkov/__init__.py", "")
        package.writestr("checkov/version.py", "version = '9.9.9'\n")
        package.writestr(
            f"{about}/METADATA", "Metadata-Version: 2.1\nName: checkov\nVersion: 9.9.9\n"
        )
        package.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        package.writestr(f"{about}/RECORD", "")
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    for tool in ("PIP", "UV"):
        monkeypatch.setenv(f"{tool}_NO_INDEX", "1")
        monkeypatch.setenv(f"{tool}_FIND_LINKS", str(wheels))
    path = tmp_path / "lock.txt"
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    path.write_text(f"checkov==9.9.9 --hash=sha256:{digest}\n", encoding="utf-8")
    monkeypatch.setattr("policyscan.bridges.setup.lock", lambda: path)
    return path


@pytest.fixture(params=["uv", "pip"])
def installer(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> str:
    """The only one of the two on PATH. uv is left out where there is none."""
    name = str(request.param)
    path = tmp_path / "path"
    path.mkdir()
    if name == "uv":
        skip_if_left_out("UV")
        found = shutil.which("uv")
        if found is None:
            missing("UV", "uv is not on PATH")
        (path / "uv").symlink_to(found)
    monkeypatch.setenv("PATH", str(path))
    return name


def test_either_installer_takes_what_the_lock_says(
    installer: str, tiny: Path, folder: Path
) -> None:
    del tiny
    said: list[str] = []
    with pytest.raises(CheckovError, match=r"^Checkov 9\.9\.9 is not used, its self-test failed: "):
        install(said.append)
    assert said[1] == f"installing Checkov and what it needs with {installer}, 300 MB"
    assert files(folder.parent) == []


def test_either_installer_refuses_what_has_another_hash(
    installer: str, tiny: Path, folder: Path
) -> None:
    tiny.write_text(f"checkov==9.9.9 --hash=sha256:{'0' * 64}\n", encoding="utf-8")
    with pytest.raises(CheckovError, match=r"^Checkov was not installed, ") as refused:
        install(print)
    assert len(str(refused.value).splitlines()) == 1
    assert files(folder.parent) == []
    del installer


@pytest.fixture
def bare_python(tmp_path: Path) -> Path:
    """A Python of its own that runs policyscan and has neither pip nor ensurepip."""
    base, inside = tmp_path / "base", tmp_path / "bare"
    stdlib = Path(sysconfig.get_path("stdlib"))
    modules = base / stdlib.parent.name / stdlib.name
    modules.mkdir(parents=True)
    for each in stdlib.iterdir():
        if each.name not in {"ensurepip", "site-packages", "dist-packages"}:
            (modules / each.name).symlink_to(each)
    (base / "bin").mkdir()
    python = base / "bin" / "python3"
    shutil.copy2(os.path.realpath(sys.executable), python)
    (inside / "bin").mkdir(parents=True)
    (inside / "bin" / "python").symlink_to(python)
    (inside / "pyvenv.cfg").write_text(f"home = {python.parent}\n", encoding="utf-8")
    packages = inside / "lib" / stdlib.name / "site-packages"
    packages.mkdir(parents=True)
    (packages / "ours.pth").write_text(
        f"{ROOT}\n{sysconfig.get_path('purelib')}\n", encoding="utf-8"
    )
    return inside / "bin" / "python"


@pytest.mark.skipif(sys.platform == "win32", reason="there ensurepip always comes with Python")
def test_with_neither_uv_nor_pip_there_is_one_line_and_nothing_else(
    bare_python: Path, folder: Path, tmp_path: Path
) -> None:
    done = subprocess.run(
        (bare_python, "-m", "policyscan", "setup"),
        env={HOME: str(folder), "PATH": str(tmp_path), "HOME": str(tmp_path)},
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"policyscan: Checkov was not installed: {bare_python} has no ensurepip to bring pip, and "
        "uv is not on PATH; install uv, or the package with ensurepip, on Debian python3-venv\n"
    )
    assert not folder.parent.exists()
