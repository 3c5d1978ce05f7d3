"""One plan from its file to its verdicts."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from . import catalogue as listed
from . import reading
from .external import load_checks
from .graph import QuickGraph, build
from .judging import Chosen, Policies, Verdicts, address_of, quick_membership, run_checks

Result = tuple[str, str, str]
NO_PLAN: dict[str, Any] = {
    "results": [],
    "stock": [],
    "checks": {},
    "errors": [("", "", "it reads no plan without terraform_version and planned_values")],
}


@dataclass(frozen=True)
class Case:
    """A plan that is read, and which checks are asked about it."""

    definitions: dict[str, list[Any]]
    graph: QuickGraph
    catalogue: dict[str, Any]
    external: tuple[str, ...]
    chosen: Chosen
    file: str

    def load(self) -> list[str]:
        """Import the checks that look at a block of this plan, then the user's own.

        Returns what could not be loaded of the latter: Checkov only logs it.
        """
        for kind in listed.KINDS:
            present = {next(iter(block)) for block in self.definitions[kind]}
            for module in listed.wanted_modules(self.catalogue, kind, present):
                importlib.import_module(module)
        return load_checks(listed.registry("resource"), self.external)

    @cached_property
    def addresses(self) -> frozenset[str]:
        """Of what Checkov reports on."""
        blocks = ((kind, each) for kind, several in self.definitions.items() for each in several)
        return frozenset(filter(None, (address_of(kind, block) for kind, block in blocks)))

    def policies(self) -> Policies:
        """The policies over the graph that may say something of this plan."""
        present = {str(node.get("resource_type")) for _, node in self.graph.frozen().nodes()}
        return Policies(self.catalogue, self.external, present, self.chosen)


def judge(
    request: dict[str, Any], catalogue: dict[str, Any], lent: Callable[[], Iterable[Result]]
) -> dict[str, Any]:
    """The parts of the answer that come from the plan."""
    path = Path(request["plan"]).resolve()
    plan = reading.read(path)
    if not (isinstance(plan, dict) and {"terraform_version", "planned_values"} <= plan.keys()):
        # Checkov says nothing at all of such a file, and leaves with 0.
        return NO_PLAN
    definitions = reading.definitions(plan)
    file = f"/{path.name}"
    chosen = Chosen(request["check"], request["skip"], file)
    case = Case(
        definitions, build(definitions, path), catalogue, tuple(request["external"]), chosen, file
    )
    verdicts = Verdicts()
    verdicts.errors += [["", "", refused] for refused in case.load()]
    run_checks(case.definitions, case.graph.frozen(), chosen, file, verdicts)
    differing = _run_policies(case, lent if request["edges"] == "lent" else None, verdicts)
    kept = [each for each in verdicts.results if each[0] not in catalogue[listed.NOT_FOR_PLANS]]
    return {
        "results": kept,
        "stock": differing,
        "checks": verdicts.checks,
        "errors": verdicts.errors,
    }


def _run_policies(
    case: Case, lent: Callable[[], Iterable[Result]] | None, verdicts: Verdicts
) -> list[tuple[str, str, str | None]]:
    """Add what policies find; with edges lent, return what they find without them."""
    quick_membership()
    policies = case.policies()
    verdicts.errors += [["", "", refused] for refused in policies.refused]
    stock = policies.run(case.graph.frozen(), case.addresses)
    if lent is None:
        verdicts.extend(stock)
        return []
    case.graph.lend(lent())
    corrected = policies.run(case.graph.frozen(), case.addresses)
    verdicts.checks.update(stock.checks)
    verdicts.extend(corrected)
    return _differences(stock.results, corrected.results)


def _differences(
    stock: Iterable[Result], corrected: Iterable[Result]
) -> list[tuple[str, str, str | None]]:
    """What stock says where both do not say the same."""
    own = {(check, address): word for check, address, word in stock}
    other = {(check, address): word for check, address, word in corrected}
    return [(*key, own.get(key)) for key in {**own, **other} if own.get(key) != other.get(key)]
