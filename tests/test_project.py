"""What the repository as a whole keeps to: plain files, no traces of a machine, locked packages."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
GIT = shutil.which("git")

TOP_LEVEL = (
    ".ci",
    ".dockerignore",
    ".editorconfig",
    ".gitattributes",
    ".gitignore",
    ".pre-commit-hooks.yaml",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Dockerfile",
    "LICENSE",
    "Makefile",
    "NOTICE",
    "README.md",
    "action.yml",
    "constraints",
    "docs",
    "fixtures",
    "infra",
    "integrations",
    "policyscan",
    "pyproject.toml",
    "rules",
    "tests",
)

# Not UTF-8 by purpose: the provider's schema, pictures, and inputs whose very bytes are the test.
BINARY = re.compile(
    r"policyscan/planner/schema/\w+\.zip|docs/pictures/[\w-]+\.png|fixtures/hostile/.*"
)

REGISTRY_HOST = re.compile(r"\b(?:pypi|pythonhosted|npmjs|debian)[.](?:org|com)\b")

# At the start of a path only: a folder of ours, or a module, may well be called root.
MACHINE_PATH = re.compile(r"(?<![\w.~)}\]*-])/(?:work/\w+|root/|home/\w+/|Users/\w+/|tmp/)")

# Twelve digits standing alone, other than the tail of a UUID or of a decimal fraction.
ACCOUNT_ID = re.compile(r"(?<![0-9A-Za-z_.])(?<!-[0-9a-f]{4}-)[0-9]{12}(?![0-9A-Za-z_])")
EXAMPLE_ACCOUNT_IDS = ("123456789012", "111122223333", "000000000000")

LINK = "120000"  # git's mode of a symbolic link

LOCKED = re.compile(r"[a-z0-9-]+==[\w.]+(?: ; [^#]+?)?(?: --hash=sha256:[0-9a-f]{64})+")


def git(root: Path, *arguments: str) -> str:
    if GIT is None:
        pytest.skip("git is not installed")
    command = (GIT, "-C", str(root), *arguments)
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def tracked_modes(root: Path) -> dict[str, str]:
    """Path to git mode, `100644` for a plain file. Skips the test outside a checkout."""
    if not (root / ".git").exists():
        pytest.skip("not a git checkout")
    entries = (line.split("\t") for line in git(root, "ls-files", "--stage", "-z").split("\0"))
    return {path: stage.split()[0] for stage, path in (e for e in entries if len(e) > 1)}


def special_files(root: Path) -> tuple[str, ...]:
    """Executables, submodules, and links that lead out of the repository."""
    return tuple(
        path
        for path, mode in tracked_modes(root).items()
        if mode not in {"100644", LINK}
        or (mode == LINK and not (root / path).resolve().is_relative_to(root.resolve()))
    )


def text_of(path: Path) -> str | None:
    """The file's text, or None when it is not UTF-8 text."""
    try:
        text = path.read_bytes().decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def tracked_texts(root: Path) -> dict[str, str | None]:
    """Path to text, or to None for what is not text. Links are left out: their target is in."""
    return {
        path: text_of(root / path)
        for path, mode in tracked_modes(root).items()
        if mode != LINK and (root / path).is_file()
    }


def unknown_binaries(texts: dict[str, str | None]) -> tuple[str, ...]:
    return tuple(
        path for path, text in texts.items() if text is None and not BINARY.fullmatch(path)
    )


def places(
    texts: dict[str, str | None], pattern: re.Pattern[str], allowed: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """`path:line: match` of each match that is not allowed."""
    return tuple(
        f"{path}:{text.count(chr(10), 0, match.start()) + 1}: {match[0]}"
        for path, text in texts.items()
        if text is not None
        for match in pattern.finditer(text)
        if match[0] not in allowed
    )


def requirements(constraints: str) -> tuple[str, ...]:
    """One line for each requirement, its hashes behind it."""
    joined = re.sub(r"\\\n\s*", "", constraints)
    return tuple(line for line in joined.splitlines() if line and not line.startswith("#"))


def unlocked(constraints: str) -> tuple[str, ...]:
    """The lines that are not `name==version [; marker]` with at least one hash."""
    return tuple(line for line in requirements(constraints) if not LOCKED.fullmatch(line))


def package_names(lines: tuple[str, ...]) -> set[str]:
    """`PyYAML>=6.0` is `pyyaml`."""
    return {re.split(r"[^\w.-]", line, maxsplit=1)[0].lower() for line in lines}


@pytest.fixture(scope="module")
def texts() -> dict[str, str | None]:
    return tracked_texts(ROOT)


def test_no_file_is_executable_or_leads_out_of_the_repository() -> None:
    assert special_files(ROOT) == ()


def test_only_known_files_are_binary(texts: dict[str, str | None]) -> None:
    assert unknown_binaries(texts) == ()


def test_no_file_names_the_host_of_a_package_registry(texts: dict[str, str | None]) -> None:
    assert places(texts, REGISTRY_HOST) == ()


def test_no_file_names_a_path_of_someones_machine(texts: dict[str, str | None]) -> None:
    assert places(texts, MACHINE_PATH) == ()


def test_account_ids_are_documentation_examples(texts: dict[str, str | None]) -> None:
    assert places(texts, ACCOUNT_ID, EXAMPLE_ACCOUNT_IDS) == ()


def test_the_top_level_holds_what_the_readme_explains_and_nothing_else() -> None:
    assert tuple(sorted({path.split("/")[0] for path in tracked_modes(ROOT)})) == TOP_LEVEL


@pytest.mark.parametrize(
    "path", sorted((ROOT / "constraints").iterdir()), ids=lambda path: path.name
)
def test_every_line_of_the_constraints_is_a_version_with_a_hash(path: Path) -> None:
    assert unlocked(path.read_text()) == ()


@pytest.mark.parametrize("name", ["runtime.txt", "serve.txt", "fleet.txt"])
def test_what_users_run_is_locked_to_what_the_tests_ran(name: str) -> None:
    run = requirements((ROOT / "constraints" / name).read_text())
    dev = requirements((ROOT / "constraints/dev.txt").read_text())
    assert [line for line in run if line not in dev] == []


def test_every_dependency_of_the_project_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    wanted = {
        "runtime.txt": tuple(project["project"]["dependencies"]),
        **{
            f"{extra}.txt": tuple(needed)
            for extra, needed in project["project"]["optional-dependencies"].items()
        },
        **{
            f"{tool}.txt": tuple(groups.pop(tool))
            for tool in (
                "checkov",
                "tf-nag",
                "terraform-compliance",
                "pyrrho",
                "sarif-tools",
                "fidelity",
            )
        },
        "dev.txt": tuple(line for group in groups.values() for line in group if type(line) is str),
    }
    missing = {
        name: package_names(lines)
        - package_names(requirements((ROOT / "constraints" / name).read_text()))
        for name, lines in wanted.items()
    }
    assert missing == {name: set() for name in wanted}


@pytest.fixture
def careless_checkout(tmp_path: Path) -> Path:
    """A checkout with one file for each thing the tests above forbid, and innocent neighbours."""
    lines = {
        "account.tf": f'owner = "arn:aws:iam::{"9" * 12}:root" # not 123456789012\n',
        "host.md": "see\nhttps://files.pythonhosted" + ".org/x\n",
        "innocent.tf": (
            f'a = "..{"/root"}/x ${{path.root}}/y fixtures/tmp/z https://example.com{"/work"}/here"\n'
            f'b = "0.{"9" * 12} {"9" * 13} e{"9" * 12} 0a1b-2c3d-4e5f-6a7b-{"9" * 12}"\n'
            'c = "registry.terraform.io/hashicorp/aws"\n'
        ),
        "place.py": 'PLAN = "/' + 'root/plan.json"\n',
        "run.sh": "exit\n",
    }
    for name, text in lines.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "plan").write_bytes(b"PK\x03\x04\x00\xff")
    (tmp_path / "run.sh").chmod(0o755)
    (tmp_path / "inside").symlink_to("run.sh")
    (tmp_path / "outside").symlink_to("../plan.json")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    return tmp_path


def test_each_check_names_the_place_it_objects_to(careless_checkout: Path) -> None:
    texts = tracked_texts(careless_checkout)
    found = {
        "special": special_files(careless_checkout),
        "binary": unknown_binaries(texts),
        "host": places(texts, REGISTRY_HOST),
        "path": places(texts, MACHINE_PATH),
        "account": places(texts, ACCOUNT_ID, EXAMPLE_ACCOUNT_IDS),
    }
    assert found == {
        "special": ("outside", "run.sh"),
        "binary": ("plan",),
        "host": ("host.md:2: pythonhosted" + ".org",),
        "path": ("place.py:1: /" + "root/",),
        "account": ("account.tf:1: " + "9" * 12,),
    }


@pytest.mark.parametrize(
    "line",
    [
        "click==8.1.0",
        "click>=8.1 --hash=sha256:" + "0" * 64,
        "click==8.1.0 --hash=sha256:" + "0" * 63,
        "--extra-index-url https://example.com/simple",
        "click @ https://example.com/click.whl --hash=sha256:" + "0" * 64,
    ],
)
def test_a_requirement_without_version_and_hash_is_found(line: str) -> None:
    pinned = "rich==15.0 ; sys_platform == 'win32' \\\n    --hash=sha256:" + "a" * 64
    assert unlocked(f"# by make lock\n{pinned}\n{line}\n") == (line,)
