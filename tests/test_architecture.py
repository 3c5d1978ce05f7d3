"""What may import what: between our packages, from a rule file, and before a command runs."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LINT_IMPORTS = str(Path(sys.executable).with_name("lint-imports"))

# Tens of milliseconds each, and a scan of a plan needs none of them.
HEAVY = ("google.protobuf", "grpc", "hcl2", "httpx", "lark", "msgpack", "rich", "starlette", "yaml")


def broken_contracts(tree: Path) -> tuple[str, ...]:
    """Names of the contracts of `tree`'s pyproject that its `policyscan` breaks."""
    done = subprocess.run(
        (LINT_IMPORTS, "--no-logo", "--no-cache", "--config", "pyproject.toml"),
        cwd=tree,
        check=False,
        capture_output=True,
        text=True,
    )
    names = tuple(re.findall(r"^(.+) BROKEN", done.stdout, flags=re.MULTILINE))
    # Without its own verdict the tool did not get as far as judging.
    assert "Contracts: " in done.stdout, done.stdout + done.stderr
    assert (done.returncode == 0) == (names == ()), done.stdout + done.stderr
    return names


def foreign_imports(source: str, own: str) -> tuple[str, ...]:
    """Modules a file imports that are neither `own`, below it, nor the standard library's."""
    names: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = "." * node.level + (node.module or "")
            names += [f"{package}.{alias.name}" for alias in node.names]
    return tuple(
        name
        for name in names
        if not f"{name}.".startswith(f"{own}.")
        and name.split(".")[0] not in sys.stdlib_module_names
    )


def heavy_modules_after(statement: str) -> tuple[str, ...]:
    program = f"{statement}\nimport sys\nprint(*(name for name in {HEAVY} if name in sys.modules))"
    command = (sys.executable, "-c", program)
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return tuple(done.stdout.split())


def test_the_packages_keep_the_import_contracts() -> None:
    assert broken_contracts(ROOT) == ()


def test_a_rule_file_imports_the_rule_vocabulary_and_the_standard_library_alone() -> None:
    files = sorted((ROOT / "rules").rglob("*.py"))
    own = {path: "checkov" if "checkov_pack" in path.parts else "policyscan.rule" for path in files}
    foreign = {
        str(path.relative_to(ROOT)): names
        for path in files
        if (names := foreign_imports(path.read_text(), own[path]))
    }
    assert files
    assert foreign == {}


def test_the_worker_in_checkovs_python_imports_checkov_and_the_standard_library_alone() -> None:
    files = sorted((ROOT / "policyscan" / "bridges" / "worker").glob("*.py"))
    names = {name for path in files for name in foreign_imports(path.read_text(), "checkov")}
    assert files
    # Its own modules are named from where they are: to Checkov's Python they are no policyscan.
    assert {name for name in names if not name.startswith(".")} == set()


def test_the_command_line_starts_without_what_only_some_commands_need() -> None:
    assert heavy_modules_after("import policyscan.cli, policyscan.cli.commands") == ()


def test_a_scan_loads_nothing_that_only_other_commands_need() -> None:
    arguments = ["fixtures/reference/plan.json", "--no-checkov", "--output", os.devnull]
    scan = f"from policyscan.cli.commands import run\nassert run({arguments}) == 0"
    assert heavy_modules_after(scan) == ()


@pytest.fixture
def sample_tree(tmp_path: Path) -> Path:
    """Our contracts over a `policyscan` of empty packages."""
    pyproject = (ROOT / "pyproject.toml").read_text()
    contracts = pyproject[pyproject.index("[tool.importlinter]") :]
    (tmp_path / "pyproject.toml").write_text(contracts)
    for name in ("", *re.findall(r"policyscan\.(\w+)", contracts)):
        package = tmp_path / "policyscan" / name
        package.mkdir(exist_ok=True)
        (package / "__init__.py").touch()
    return tmp_path


def test_empty_packages_break_no_contract(sample_tree: Path) -> None:
    assert broken_contracts(sample_tree) == ()


@pytest.mark.parametrize(
    ("package", "imported", "contract"),
    [
        ("plan", "policyscan.graph", "Data flows one way: plan, graph, rules, report"),
        ("rule", "policyscan.engine", "Data flows one way: plan, graph, rules, report"),
        ("planner", "policyscan.rule", "The planner makes plans and judges nothing"),
        ("report", "networkx", "networkx stays in graph"),
        ("graph", "hcl2", "python-hcl2 stays in source"),
        ("cli", "httpx", "HTTP stays in serve"),
        ("serve", "policyscan.cli", "Data flows one way: plan, graph, rules, report"),
    ],
)
def test_an_import_against_the_stream_breaks_its_contract(
    sample_tree: Path, package: str, imported: str, contract: str
) -> None:
    (sample_tree / "policyscan" / package / "__init__.py").write_text(f"import {imported}\n")
    assert broken_contracts(sample_tree) == (contract,)


def test_a_rule_that_reaches_past_its_vocabulary_is_found() -> None:
    source = """
from __future__ import annotations
import re
import networkx as nx
from policyscan import rule, graph
from policyscan.rule import Rule
from policyscan.rule.network import routes
from policyscan.rules import other
from . import sibling

def check():
    import policyscan.plan
"""
    assert foreign_imports(source, "policyscan.rule") == (
        "networkx",
        "policyscan.graph",
        "policyscan.rules.other",
        "..sibling",
        "policyscan.plan",
    )


def test_a_heavy_module_is_noticed_when_loaded() -> None:
    assert heavy_modules_after("import yaml, lark") == ("lark", "yaml")
