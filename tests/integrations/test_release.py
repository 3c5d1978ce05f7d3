"""What users install: from a wheel, from a checkout by the action, from what Docker is given."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

from policyscan import __version__
from tests.integrations.steps import ROOT, Runner
from tests.report.judges import node_module
from tests.required import missing, skip_if_left_out

REFERENCE = ROOT / "fixtures" / "reference" / "plan.json"
BROKEN = ROOT / "fixtures" / "reference_broken" / "plan.json"


def build(folder: Path, target: str, into: Path) -> Path:
    """Build a distribution of a folder, as `make release` does."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", str(into)],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    [made] = into.iterdir()
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, "wheel", tmp_path_factory.mktemp("wheel") / "dist")


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_wheel_holds_the_rules_the_schemas_and_the_lock_of_checkov(wheel: Path) -> None:
    found = contents(wheel)
    assert wheel.name == f"policyscan-{__version__}-py3-none-any.whl"
    rules = {path.relative_to(ROOT / "rules").as_posix() for path in ROOT.glob("rules/*/*.py")}
    assert {f"policyscan/_pack/{name}" for name in rules} <= set(found)
    assert "policyscan/_pack/profiles/production.yaml" in found
    schemas = {path.name for path in (ROOT / "policyscan" / "schemas").iterdir()}
    assert {f"policyscan/schemas/{name}" for name in schemas} <= set(found)
    lock = (ROOT / "constraints" / "checkov.txt").read_bytes()
    assert found["policyscan/_constraints/checkov.txt"] == lock
    assert not [name for name in found if name.startswith(("tests/", "fixtures/", "rules/"))]


def test_the_sdist_makes_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    sdist = build(ROOT, "sdist", tmp_path / "sdist")
    shutil.unpack_archive(sdist, tmp_path / "unpacked")
    [folder] = (tmp_path / "unpacked").iterdir()
    assert contents(build(folder, "wheel", tmp_path / "again")) == contents(wheel)
    for name in ("action.yml", "CHANGELOG.md", "Dockerfile", "integrations/gitlab.yml"):
        assert (folder / name).is_file()


def test_what_docker_is_given_is_enough_and_makes_the_same_wheel(
    wheel: Path, tmp_path: Path
) -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert lines[0] == "*"
    for name in (line.removeprefix("!") for line in lines[1:] if line.startswith("!")):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / "src" / name)
        else:
            (tmp_path / "src").mkdir(exist_ok=True)
            shutil.copy(source, tmp_path / "src" / name)
    assert contents(build(tmp_path / "src", "wheel", tmp_path / "dist")) == contents(wheel)
    dockerfile = (ROOT / "Dockerfile").read_text()
    for path in re.findall(r"/src/([\w/.-]+)", dockerfile):
        assert (tmp_path / "src" / path).exists()
    assert any(fnmatch("policyscan/x/__pycache__", line) for line in lines)


def test_the_image_runs_as_nobody_special_and_installs_locked_packages_alone() -> None:
    dockerfile = re.sub(r"\\\n(#.*\n)*", " ", (ROOT / "Dockerfile").read_text())
    last = dockerfile.rpartition("\nFROM ")[2]
    [user] = re.findall(r"^USER (.*)$", last, re.MULTILINE)
    assert int(user) > 0
    assert 'ENTRYPOINT ["policyscan"]' in last
    assert "pip" not in last
    installs = re.findall(r"pip install [^&\n]*", dockerfile)
    assert len(installs) == 2
    for each in installs:
        assert "--require-hashes" in each or ("--no-deps" in each and "--no-build-iso" in each)


def test_docker_language_tools_take_the_dockerfile_and_no_broken_one(tmp_path: Path) -> None:
    program = node_module("dockerfile-utils") / "bin" / "dockerfile-utils"
    broken = tmp_path / "Dockerfile"
    broken.write_text((ROOT / "Dockerfile").read_text().replace("WORKDIR", "WORKDR"))
    done = {
        path: subprocess.run(
            [shutil.which("node") or "node", str(program), "lint", str(path)],
            capture_output=True,
            text=True,
            check=False,
        )
        for path in (ROOT / "Dockerfile", broken)
    }
    good, bad = done.values()
    assert (good.returncode, good.stdout.strip()) == (0, "")
    assert bad.returncode == 1
    assert "Unknown instruction: WORKDR" in bad.stdout + bad.stderr


def test_the_changelog_and_the_code_name_one_version() -> None:
    headings = re.findall(r"^## (\S+?),", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == __version__


# -- installed for real, by pip ------------------------------------------------------------------


def pip(*arguments: str) -> None:
    """Run pip. Skips the test, or fails as POLICYSCAN_REQUIRE_PACKAGES says, where it has none."""
    skip_if_left_out("PACKAGES")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        missing("PACKAGES", f"pip cannot install: {done.stderr.splitlines()[-1]}")


def environment(folder: Path) -> dict[str, str]:
    """Nothing of this environment but what leads to programs."""
    home = str(folder / "no-checkov")
    return {"PATH": "/usr/bin:/bin", "HOME": str(folder), "POLICYSCAN_CHECKOV_HOME": home}


def test_a_wheel_in_a_clean_environment_judges_and_is_listed_with_all_it_needs(
    wheel: Path, tmp_path: Path
) -> None:
    place = tmp_path / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True)
    python = str(place / "bin" / "python")
    lock = str(ROOT / "constraints" / "runtime.txt")
    pip("--python", python, "install", "--require-hashes", "--requirement", lock)
    pip("--python", python, "install", "--no-deps", str(wheel))

    def policyscan(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(place / "bin" / "policyscan"), *arguments],
            cwd=tmp_path,
            env=environment(tmp_path),
            capture_output=True,
            text=True,
            check=False,
        )

    assert policyscan("--version").stdout.startswith(f"policyscan {__version__}\nrules ")
    assert policyscan(str(REFERENCE)).returncode == 0
    done = policyscan(str(BROKEN), "-f", "json", "--profile", "production")
    assert done.returncode == 1
    assert json.loads(done.stdout)["summary"]["failed"]["critical"] == 2
    pack = Path(policyscan("pack-path").stdout.strip())
    assert pack.is_relative_to(place)
    assert (pack / "__init__.py").is_file()
    asked = "from policyscan.bridges.home import lock; print(lock().is_file())"
    told = subprocess.run([python, "-I", "-c", asked], capture_output=True, check=True, text=True)
    assert told.stdout == "True\n"

    listed = tmp_path / "sbom.json"
    subprocess.run(
        [
            *(sys.executable, "-m", "cyclonedx_py", "environment", "--output-reproducible"),
            *("--pyproject", str(ROOT / "pyproject.toml"), "--output-file", str(listed), python),
        ],
        check=True,
        capture_output=True,
    )
    components = json.loads(listed.read_text())["components"]
    assert {"click", "networkx", "python-hcl2"} <= {each["name"] for each in components}
    locked = dict(re.findall(r"^([\w.-]+)==(\S+)", Path(lock).read_text(), re.MULTILINE))
    for each in components:
        assert locked[re.sub(r"[-_.]+", "-", each["name"]).lower()] == each["version"]


def test_the_action_installs_what_is_locked_and_judges(tmp_path: Path) -> None:
    skip_if_left_out("PACKAGES")
    runner = Runner(
        tmp_path,
        variables={name: os.environ[name] for name in os.environ if name.startswith("PIP_")},
    )
    shutil.copy(REFERENCE, runner.workspace / "plan.json")
    inputs = {"plan": "plan.json", "checkov": "false", "python": sys.executable}
    run = runner.run(inputs, installed=False)
    if "No matching distribution" in run.log or "Connection" in run.log:
        missing("PACKAGES", "pip cannot install")
    assert (run.exit_code, run.outputs["verdict"]) == (0, "pass"), run.log
    # The second time in a job nothing is installed again.
    again = Runner(tmp_path, variables={"PIP_INDEX_URL": "http://127.0.0.1:9/simple"})
    assert again.run(inputs, installed=False).exit_code == 0
    steps = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]
    assert [each["id"] for each in steps if "id" in each] == ["install", "scan"]
