"""What a cold start waits for: no library is loaded before something needs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from policyscan import engine
from policyscan.cli import options

REFERENCE = Path("fixtures/reference/plan.json").resolve()
LOADED = """
import json, sys
from policyscan.cli.commands import run
code = run(sys.argv[1:])
print(json.dumps([code, sorted({name.partition(".")[0] for name in sys.modules}),
    "policyscan.engine" in sys.modules]), file=sys.stderr)
"""
COMPILED = """
import sys
from policyscan.cli.commands import run
run(sys.argv[1:])
classes = (each for name, module in sys.modules.items() if name.startswith("policyscan")
    for each in vars(module).values() if isinstance(each, type) and each.__module__ == name)
print(*sorted({each.__qualname__ for each in classes if hasattr(each, "__dataclass_fields__")}),
    file=sys.stderr)
"""
HEAVY = {"grpc", "hcl2", "jsonschema", "lark", "networkx", "rich", "yaml"}


def loaded(*arguments: str) -> tuple[int, set[str], bool]:
    """The exit code, the top-level modules a command loads, and whether our engine is of them."""
    result = subprocess.run(
        [sys.executable, "-c", LOADED, *arguments], capture_output=True, text=True, check=True
    )
    code, names, has_engine = json.loads(result.stderr)
    return code, set(names), has_engine


def test_a_scan_without_source_loads_no_heavy_library() -> None:
    code, names, has_engine = loaded(str(REFERENCE), "--no-source", "-f", "json")
    assert (code, has_engine) == (0, True)
    assert not names & HEAVY


def test_a_scan_without_source_makes_no_dataclass_which_compiles_code_at_every_start() -> None:
    command = [sys.executable, "-c", COMPILED, str(REFERENCE), "--no-source", "--no-checkov"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr.split() == []


@pytest.mark.parametrize("flag", ["--version", "--help"])
def test_what_judges_nothing_loads_no_engine(flag: str) -> None:
    code, names, has_engine = loaded(flag)
    assert (code, has_engine) == (0, False)
    assert not names & HEAVY


def test_the_levels_of_the_flag_are_those_of_the_engine() -> None:
    assert options.FAIL_ON == engine.FAIL_ON
    assert options.EDGES == engine.EDGES
