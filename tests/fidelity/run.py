"""Compares offline plans with those of the real AWS provider 3.39.0: `make fidelity`.

Writes what it found into `result.json` and docs/fidelity.md. Leaves with 1, the page as it was,
when an action differs, or a leaf does and nobody has said why in `explanations.yaml`.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from policyscan.errors import PlannerError
from policyscan.planner import Inputs, Request, make_plan
from policyscan.planner.fixtures import PLAN_FILE, Fixture, find_fixtures, read_fixture
from policyscan.planner.schema import load_hints, load_schema
from policyscan.planner.schema.hints import Coverage
from tests.fidelity.leaves import Blocks, Leaf
from tests.fidelity.measure import Compared, compared, counted, differences, types_in
from tests.fidelity.page import PAGE, ROOT, page
from tests.fidelity.published import measured_published
from tests.fidelity.real import ADDRESS, VERSION, RealProvider, real_provider
from tests.fidelity.stored import (
    CONFIGURATIONS,
    REAL,
    RESULT,
    Explanation,
    digest,
    explanations,
    judged,
    unexplained,
)

_CHANGED = Inputs(variables={"changed": "true"})
FIXTURES = ROOT / "fixtures"


class Measurement:
    """All comparisons with one running provider."""

    def __init__(self, real: RealProvider, known: Sequence[Explanation]) -> None:
        self._real = real
        self._known = known
        self.resources: dict[str, list[Compared]] = {"create": [], "change": []}

    @cache  # noqa: B019  # one instance a process
    def blocks(self, resource_type: str) -> Blocks:
        """A type by both schemas."""
        ours = load_schema(ADDRESS, frozenset({resource_type})).resources[resource_type]
        return Blocks(ours, self._real.resources[resource_type].block)

    def configuration(self, directory: Path) -> dict[str, Any]:
        """Both plans of one configuration: all new, and changed after an apply."""
        offline = make_plan(directory).plan_json
        created = self._compared("create", offline, self._real.plan(directory))
        offline = make_plan(directory, Request(inputs=_CHANGED, after=(Inputs(),))).plan_json
        real = self._real.plan(directory, *_CHANGED.arguments(), state_of=offline)
        return {"create": created, "change": self._compared("change", offline, real)}

    def fixtures(self) -> dict[str, Any]:
        """The plans of the project's fixtures that 3.39 can make, all new: nobody chose them."""
        found: list[Compared] = []
        refused = plans = 0
        for fixture in _fixtures():
            offline = (fixture.folder / PLAN_FILE).read_bytes()
            types = types_in(offline)
            if not types or types - self._real.resources.keys():
                refused += 1
                continue
            try:
                real = self._real.plan(fixture.configuration, *fixture.inputs.arguments())
            except PlannerError:
                refused += 1
                continue
            plans += 1
            found += compared(offline, real, self.blocks, self._judged)
        return {
            "plans": plans,
            "refused": refused,
            "resources": len(found),
            "same_actions": sum(each.is_same_action for each in found),
            "leaves": counted(leaf for each in found for leaf in each.leaves),
            "differences": differences(found, self.blocks),
        }

    def _judged(self, resource_type: str, leaf: Leaf) -> Leaf:
        return judged(REAL, resource_type, leaf, self._known)

    def _compared(self, which: str, ours: bytes, theirs: bytes) -> dict[str, Any]:
        found = list(compared(ours, theirs, self.blocks, self._judged))
        self.resources[which] += found
        actions = Counter("/".join(_plain(each.theirs)) for each in found)
        return {
            "resources": len(found),
            "same_actions": sum(each.is_same_action for each in found),
            "actions": dict(sorted(actions.items())),
            "leaves": counted(leaf for each in found for leaf in each.leaves),
        }


def _fixtures() -> Iterator[Fixture]:
    """Those of one plan, made of the configuration alone."""
    fixtures = map(read_fixture, find_fixtures(FIXTURES))
    yield from (each for each in fixtures if not each.after and not each.destroy)


def _plain(actions: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(each for each in actions if not each.startswith("["))


def _by_type(resources: Mapping[str, list[Compared]]) -> dict[str, Any]:
    """Type -> how far our tables reach for it, and its leaves."""
    known = load_hints(ADDRESS)
    names = sorted({each.type for found in resources.values() for each in found})
    return {
        name: {"table": known[name].coverage.value if name in known else Coverage.SCHEMA_ONLY.value}
        | {
            which: counted(leaf for each in found if each.type == name for leaf in each.leaves)
            for which, found in resources.items()
        }
        for name in names
    }


def _measured(known: Sequence[Explanation]) -> dict[str, Any]:
    with (
        tempfile.TemporaryDirectory(prefix="fidelity-") as scratch,
        real_provider(Path(scratch).resolve()) as real,
    ):
        measurement = Measurement(real, known)
        configurations = {
            directory.name: _told(directory, measurement)
            for directory in sorted(CONFIGURATIONS.iterdir())
        }
        held_out = measurement.fixtures()
    everything = [each for found in measurement.resources.values() for each in found]
    return {
        "provider": VERSION,
        "digest": digest(),
        "configurations": configurations,
        "types": _by_type(measurement.resources),
        "actions": list(_actions(everything)),
        "differences": differences(everything, measurement.blocks),
        "fixtures": held_out,
        "published": measured_published(known),
    }


def _told(directory: Path, measurement: Measurement) -> dict[str, Any]:
    sys.stdout.write(f"{directory.name}\n")
    sys.stdout.flush()
    return measurement.configuration(directory)


def _actions(resources: list[Compared]) -> Iterator[str]:
    for each in resources:
        if not each.is_same_action:
            yield f"{each.address}: {' '.join(each.ours)}, not {' '.join(each.theirs)}"


def main() -> None:
    known = explanations()
    measured = _measured(known)
    RESULT.write_text(json.dumps(measured, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    open_, idle = unexplained(measured, known)
    problems = [
        *(f"another action: {each}" for each in measured["actions"]),
        *(f"explained nowhere: {each}" for each in open_),
        *(f"explains nothing: {each}" for each in idle),
    ]
    if problems:
        sys.exit("\n".join(problems))
    PAGE.write_text(page(measured, known), encoding="utf-8")


if __name__ == "__main__":
    main()
