"""Runs Checkov's checks on a plan that is read, and keeps who said what of which address."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from checkov.common.checks_infra.checks_parser import GraphCheckParser
from checkov.common.checks_infra.registry import Registry
from checkov.common.checks_infra.solvers.attribute_solvers import base_attribute_solver
from checkov.common.checks_infra.solvers.connections_solvers import (
    base_connection_solver,
    complex_connection_solver,
    connection_exists_solver,
)
from checkov.common.graph.graph_builder import CustomAttributes
from checkov.common.models.enums import CheckResult
from checkov.runner_filter import RunnerFilter
from checkov.terraform import plan_utils

from . import catalogue as listed
from .external import load_policies
from .nodes import Bag, Graph

CHECKOV = "checkov"
FRAMEWORK = "terraform_plan"
WORDS = {CheckResult.PASSED: "pass", CheckResult.FAILED: "fail", CheckResult.SKIPPED: "skipped"}
VERTEX_LISTS = (
    "vertices_under_resource_types",
    "vertices_under_connected_resources_types",
    "excluded_vertices",
    "unknown_vertices",
)
Block = dict[str, Any]


@dataclass
class Verdicts:
    """What is found: [check, address, word]; what each check is; and what went wrong where."""

    results: list[tuple[str, str, str]] = field(default_factory=list)
    checks: dict[str, list[str | None]] = field(default_factory=dict)
    errors: list[list[str]] = field(default_factory=list)

    def add(self, check: Any, address: str, outcome: Any) -> None:
        """Keep an outcome; what Checkov leaves open it does not report."""
        if not isinstance(outcome, CheckResult):
            # Some of Checkov's own say nothing at all where they leave it open.
            if type(check).__module__.partition(".")[0] != CHECKOV:
                said = f"it returns {type(outcome).__name__}, not a CheckResult"
                self.errors.append([check.id, address, said])
            return
        word = WORDS.get(outcome)
        if word is None:
            return
        self.results.append((check.id, address, word))
        if check.id not in self.checks:
            severity = getattr(check.severity, "name", None)
            self.checks[check.id] = [check.name, severity, check.guideline]

    def extend(self, other: Verdicts) -> None:
        """Take over what another found."""
        self.results += other.results
        self.checks.update(other.checks)
        self.errors += other.errors

    def crashed(self, check: str, address: str, problem: BaseException) -> None:
        """A check that raised. Its message may quote the plan, so its type has to do."""
        self.errors.append([check, address, type(problem).__name__])


class Chosen:
    """Which checks `--check` and `--skip-check` leave, asked once for each."""

    def __init__(self, checks: list[str], skipped: list[str], file: str) -> None:
        self._filter = RunnerFilter(framework=[FRAMEWORK], checks=checks, skip_checks=skipped)
        self._file = file
        self._known: dict[int, bool] = {}

    def __call__(self, check: Any) -> bool:
        """Whether a check is asked."""
        known = self._known.get(id(check))
        if known is None:
            known = self._known[id(check)] = self._filter.should_run_check(
                check, report_type=FRAMEWORK, file_origin_paths=[self._file]
            )
        return known


def run_checks(
    definitions: dict[str, list[Block]],
    graph: Graph,
    chosen: Chosen,
    file: str,
    verdicts: Verdicts,
) -> None:
    """Run the checks written in Python, block by block in Checkov's order."""
    for kind, blocks in definitions.items():
        registry = listed.registry(kind)
        registry.graph = graph
        for block in blocks:
            address = address_of(kind, block)
            try:
                entity_type, name, conf = registry.extract_entity_details(block)
            except (AttributeError, IndexError, KeyError):
                continue  # as Checkov does
            if not address or not isinstance(conf, dict):
                continue
            for check in filter(chosen, registry.get_checks(entity_type)):
                check.graph = graph
                try:
                    outcome = check.run(file, conf, name, entity_type, {})["result"]
                except (Exception, SystemExit) as problem:  # noqa: BLE001 - Checkov is silent
                    verdicts.crashed(check.id, address, problem)
                else:
                    verdicts.add(check, address, outcome)


def address_of(kind: str, block: Block) -> str | None:
    """The address Checkov reports a block under, None when it reports none."""
    inside = next(iter(block.values()))
    name = inside.get("alias", ["default"])[0] if kind == "provider" else next(iter(inside))
    try:
        return str(plan_utils.get_entity_id(inside, name))
    except Exception:  # noqa: BLE001 - this is how Checkov says that there is none
        return None


class Policies:
    """The policies over the graph, each with the types it speaks of, None for all.

    The user's own come first, as with Checkov; then Checkov's that may say something of a plan
    with the types `present`.
    """

    def __init__(
        self, catalogue: Block, external: Iterable[str], present: set[str], chosen: Chosen
    ) -> None:
        registry = Registry(checks_dir="", parser=GraphCheckParser())
        self.refused = load_policies(registry, external)
        self._all: list[tuple[Any, list[str] | None]] = [(each, None) for each in registry.checks]
        known = {each.id for each in registry.checks}
        for path, raw, spoken_of in listed.wanted_policies(catalogue, present):
            if raw["metadata"]["id"] not in known:
                provider = registry._get_resource_types(raw)
                parse = registry.parser.parse_raw_check
                check = parse(raw, resources_types=provider, check_path=path)
                self._all.append((check, spoken_of))
        self._all = [each for each in self._all if chosen(each[0])]

    def run(self, graph: Graph, reported: frozenset[str]) -> Verdicts:
        """Run them one after the other, each on the part of the graph it speaks of."""
        verdicts = Verdicts()
        for check, spoken_of in self._all:
            tell = partial(verdicts.crashed, check.id, "")
            in_turn(tell)
            try:
                passed, failed, _ = check.run(graph if spoken_of is None else graph.only(spoken_of))
            except Exception as problem:  # noqa: BLE001 - Checkov would leave it out silently
                tell(problem)
                continue
            for outcome, nodes in ((CheckResult.PASSED, passed), (CheckResult.FAILED, failed)):
                for node in nodes:
                    address = node.get(CustomAttributes.TF_RESOURCE_ADDRESS)
                    if address in reported:
                        verdicts.add(check, address, outcome)
        return verdicts


def in_turn(tell: Callable[[BaseException], None]) -> None:
    """Have solvers look at resources one after the other, and tell what is raised meanwhile.

    Checkov starts a thread for each resource and never asks whether it went well.
    """

    class Serial:
        def submit(self, work: Callable[..., None], *arguments: Any) -> None:
            try:
                work(*arguments)
            except Exception as problem:  # noqa: BLE001 - see above
                tell(problem)

    nothing_to_wait_for = types.SimpleNamespace(wait=lambda jobs: jobs)
    base_attribute_solver.ThreadPoolExecutor = Serial
    base_attribute_solver.concurrent = types.SimpleNamespace(futures=nothing_to_wait_for)


def quick_membership() -> None:
    """Let connection solvers find a node among many without comparing it with each."""
    base = base_connection_solver.BaseConnectionSolver
    stock = base.set_vertices

    def set_vertices(self: Any, graph: Any, excluded: list[Any], unknown: list[Any]) -> None:
        stock(self, graph, Bag(excluded), Bag(unknown))
        for name in VERTEX_LISTS:
            setattr(self, name, Bag(getattr(self, name)))

    def operation(self: Any, graph_connector: Any) -> tuple[list[Any], list[Any], list[Any]]:
        passed: list[Any] = []
        failed: list[Any] = []
        unknown: list[Any] = []
        ends = (self.vertices_under_resource_types, self.vertices_under_connected_resources_types)
        if all(ends):
            self.get_rustworkx_operation(
                graph_connector=graph_connector, passed=passed, failed=failed, unknown=unknown
            )
        settled = Bag([*passed, *unknown])
        failed += [node for end in ends for node in end if node not in settled]
        return passed, failed, unknown

    base.set_vertices = set_vertices
    connection_exists_solver.ConnectionExistsSolver._get_operation = operation
    complex_connection_solver.ComplexConnectionSolver.get_check_identifier = staticmethod(id)
