"""Plan every fixture again: `python -m policyscan.planner.fixtures [--check] [FOLDER ...]`.

A fixture is a folder under `fixtures/` with a `fixture.yaml`, or one under `fixtures/rules/` with
a `main.tf`; its `plan.json` stands beside. `fixture.yaml` may say:

    configuration: ../../infra      # the root module, from the fixture's folder; default "."
    variables: {name: value}        # of the plan
    after:                          # simulated applies before it
      - variables: {name: value}
        configuration: before       # of another root module, whose state the plan takes over
    destroy: true                   # a plan that destroys
    graph: true                     # what `terraform graph` prints goes to graph.dot, sorted
"""

from __future__ import annotations

import argparse
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from msgspec import Struct
from msgspec.structs import replace

from policyscan.errors import ConfigError, PolicyscanError
from policyscan.planner.offline import draw_graph, make_plan
from policyscan.planner.request import Inputs, Request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FIXTURE_FILE = "fixture.yaml"
PLAN_FILE = "plan.json"
GRAPH_FILE = "graph.dot"
_ROOT = Path("fixtures")
_WORKERS = 2
_KEYS = frozenset({"after", "configuration", "destroy", "graph", "variables"})
_STEP_KEYS = frozenset({"configuration", "variables"})


class Fixture(Struct, frozen=True):
    """How one fixture's plan is made."""

    folder: Path
    configuration: Path
    inputs: Inputs
    after: tuple[Inputs, ...] = ()
    destroy: bool = False
    graph: bool = False


class Outcome(StrEnum):
    """What became of one fixture's plan."""

    UNCHANGED = "unchanged"
    WRITTEN = "written"
    DIFFERS = "differs"
    FAILED = "failed"


def find_fixtures(root: Path) -> tuple[Path, ...]:
    """The folders of all fixtures below `root`, sorted."""
    described = {file.parent for file in root.rglob(FIXTURE_FILE)}
    of_rules = {file.parent for file in (root / "rules").rglob("main.tf")}
    # A rule's fixture may have modules of its own: their folders lie inside it.
    inner = {one for one in of_rules if not of_rules.isdisjoint(one.parents)}
    return tuple(sorted(described | (of_rules - inner)))


def read_fixture(folder: Path) -> Fixture:
    """Read `fixture.yaml`. Raises ConfigError: it is not what this module's docstring says."""
    file = folder / FIXTURE_FILE
    if not file.exists():
        return Fixture(folder=folder, configuration=folder, inputs=Inputs())
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ConfigError(f"{file}: not YAML: {' '.join(str(error).split())}") from error
    described = _mapping(content or {}, _KEYS, str(file))
    steps = described.get("after") or ()
    switches = {name: described.get(name, False) for name in ("destroy", "graph")}
    if not isinstance(steps, list | tuple):
        raise ConfigError(f"{file}: `after` is a list of steps, each with its `variables`")
    if wrong := [name for name, value in switches.items() if not isinstance(value, bool)]:
        raise ConfigError(f"{file}: `{wrong[0]}` true or false belongs here, without quotes")
    return Fixture(
        folder=folder,
        configuration=folder / str(described.get("configuration", ".")),
        inputs=_inputs(described, str(file)),
        after=tuple(_step(_mapping(step, _STEP_KEYS, f"{file}: after"), file) for step in steps),
        **switches,
    )


def _mapping(value: Any, keys: frozenset[str], place: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ConfigError(
            f"{place}: a mapping with the keys {', '.join(sorted(keys))} belongs here"
        )
    if unknown := sorted(str(key) for key in value.keys() - keys):
        raise ConfigError(f"{place}: unknown key {unknown[0]!r}; known: {', '.join(sorted(keys))}")
    return value


def _inputs(described: Mapping[str, Any], place: str) -> Inputs:
    variables = described.get("variables") or {}
    if not isinstance(variables, dict) or not all(isinstance(name, str) for name in variables):
        raise ConfigError(f"{place}: `variables` is a mapping of names to values; quote on and off")
    return Inputs(variables={name: _raw(value) for name, value in variables.items()})


def _step(described: Mapping[str, Any], file: Path) -> Inputs:
    inputs = _inputs(described, str(file))
    if "configuration" not in described:
        return inputs
    return replace(inputs, configuration=file.parent / str(described["configuration"]))


def _raw(value: Any) -> str:
    """A YAML value as `-var` takes it."""
    if value is None or isinstance(value, bool | int | float | list | dict):
        return json.dumps(value, default=str, sort_keys=True)
    return str(value)


def regenerate(folder: Path, *, check: bool) -> tuple[Outcome, str]:
    """Plan one fixture and write what differs from its files; `check` writes nothing."""
    try:
        files = _made(read_fixture(folder))
    except PolicyscanError as error:
        return Outcome.FAILED, str(error)
    differing = {
        target: content
        for target, content in files.items()
        if not target.exists() or target.read_bytes() != content
    }
    if not differing:
        return Outcome.UNCHANGED, ""
    if check:
        return Outcome.DIFFERS, ""
    for target, content in differing.items():
        target.write_bytes(content)
    return Outcome.WRITTEN, ""


def _made(fixture: Fixture) -> dict[Path, bytes]:
    request = Request(fixture.inputs, after=fixture.after, destroy=fixture.destroy)
    made = make_plan(fixture.configuration, request)
    files = {fixture.folder / PLAN_FILE: made.plan_json}
    if fixture.graph:
        drawn = draw_graph(fixture.configuration)
        files[fixture.folder / GRAPH_FILE] = _sorted_graph(drawn).encode()
    return files


def _sorted_graph(drawn: str) -> str:
    """The lines of a graph that say what depends on what, in a fixed order."""
    edges = sorted(line.strip() for line in drawn.splitlines() if " -> " in line)
    nodes = sorted(line.strip() for line in drawn.splitlines() if "[label=" in line)
    return "\n".join(["digraph G {", *(f"  {line}" for line in (*nodes, *edges)), "}", ""])


def main(arguments: Sequence[str]) -> int:
    """Print one line a fixture; 1 when `--check` finds a difference, 2 when a plan fails."""
    parser = argparse.ArgumentParser(prog="policyscan.planner.fixtures", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER", help="default: all")
    parser.add_argument("--check", action="store_true", help="write nothing, fail on a difference")
    options = parser.parse_args(arguments)
    folders = tuple(options.folders) or find_fixtures(_ROOT)
    outcomes = set()
    with ThreadPoolExecutor(_WORKERS) as workers:
        planned = workers.map(lambda folder: regenerate(folder, check=options.check), folders)
        for folder, (outcome, why) in zip(folders, planned, strict=True):
            outcomes.add(outcome)
            sys.stdout.write(f"{outcome:<9} {folder}{f': {why}' if why else ''}\n")
            sys.stdout.flush()
    if Outcome.FAILED in outcomes:
        return 2
    return 1 if Outcome.DIFFERS in outcomes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
