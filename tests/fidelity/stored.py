"""What `make fidelity` measured, and what a person wrote about the differences.

`result.json` is written by the target. In `explanations.yaml` a person says why a difference
remains; every difference needs one, and one that explains nothing has to go.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from tests.fidelity.leaves import Category, Leaf

FOLDER = Path(__file__).resolve().parent
RESULT = FOLDER / "result.json"
EXPLANATIONS = FOLDER / "explanations.yaml"
CONFIGURATIONS = FOLDER / "configurations"
PUBLISHED = FOLDER / "published"
ANY = "*"
REAL = "3.39.0"
FIXTURES = "fixtures"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why leaves at some paths of some types differ. `*` stands for every type or path.

    since: the version of the provider from which on it plans as we do, "" when we are at fault.
    """

    types: tuple[str, ...]
    paths: tuple[str, ...]
    why: str
    plans: tuple[str, ...] = (ANY,)
    since: str = ""

    def is_about(self, plan: str, difference: Mapping[str, Any]) -> bool:
        """Whether a difference, as `result.json` holds it, is one of these."""
        asked = (
            (self.types, difference["type"]),
            (self.paths, difference["path"]),
            (self.plans, plan),
        )
        return all(ANY in known or value in known for known, value in asked)


def explanations() -> tuple[Explanation, ...]:
    """Those a person wrote. Raises ValueError: one says nothing, or of nothing."""
    found = []
    for entry in yaml.safe_load(EXPLANATIONS.read_text(encoding="utf-8")):
        if (
            entry.keys() - {"plans", "since"} != {"types", "paths", "why"}
            or not entry["why"].strip()
        ):
            raise ValueError(
                f"{EXPLANATIONS}: types, paths and why belong here, plans and since may: {entry}"
            )
        found.append(
            Explanation(
                types=tuple(entry["types"]),
                paths=tuple(entry["paths"]),
                plans=tuple(entry.get("plans", (ANY,))),
                since=str(entry.get("since", "")),
                why=" ".join(entry["why"].split()),
            )
        )
    return tuple(found)


def result() -> dict[str, Any]:
    """What was measured last."""
    content: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8"))
    return content


def digest() -> str:
    """Of the configurations as they are, to tell whether they are what was measured."""
    sources = sorted(FOLDER.glob("*/*/*.tf"))
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()


def judged(plan: str, resource_type: str, leaf: Leaf, known: Sequence[Explanation]) -> Leaf:
    """The leaf, superseded where a person said from which version on our value is right."""
    if leaf.category is not Category.DIFFERS:
        return leaf
    difference = {"type": resource_type, "path": leaf.path}
    if any(one.since and one.is_about(plan, difference) for one in known):
        return replace(leaf, category=Category.SUPERSEDED)
    return leaf


def all_differences(measured: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(what it was compared with, difference) of all that is to be explained.

    What the schemas themselves say differently explains itself.
    """
    for each in measured["differences"]:
        if each["category"] != "redefined":
            yield REAL, each
    for name, plan in [(FIXTURES, measured["fixtures"]), *measured["published"].items()]:
        for each in plan["differences"]:
            if each["category"] != "redefined":
                yield name, each


def unexplained(
    measured: Mapping[str, Any], known: Sequence[Explanation]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The differences nobody explained, and the explanations of nothing."""
    found = list(all_differences(measured))
    open_ = [
        f"{plan} {each['type']}.{each['path']}: {each['ours']}, not {each['theirs']}"
        for plan, each in found
        if not any(one.is_about(plan, each) for one in known)
    ]
    idle = [one.why for one in known if not any(one.is_about(plan, each) for plan, each in found)]
    return tuple(open_), tuple(idle)
