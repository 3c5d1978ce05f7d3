"""Finds out what a provider does that its schema does not say, by asking its binary for plans.

    terraform providers schema -json > schema.json
    python -m policyscan.planner.schema.probe terraform-provider-aws_v5.100.0_x5 schema.json \
        -o facts.json

Needs no network and no account: credentials are made up, and nothing is ever applied. Every
resource type is planned bare, then with every block, which shows defaults and what is unknown when
unset; then its arguments are changed, all at once and one by one, which shows what forces
replacement and what the provider computes anew.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct, field

from policyscan.errors import PlannerError
from policyscan.planner.schema import Block
from policyscan.planner.schema.plugin import CrashedError, started
from policyscan.planner.schema.sample import ARNS, Sampler, proposed, settled
from policyscan.planner.wire import is_unknown, is_wholly_known

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from policyscan.planner.schema.plugin import Plugin

_OFFLINE = {
    "access_key": "mock",
    "secret_key": "mock",
    "region": "us-east-1",
    "skip_credentials_validation": True,
    "skip_metadata_api_check": "true",
    "skip_region_validation": True,
    "skip_requesting_account_id": True,
}
"""What keeps a configured AWS provider from asking anybody."""
_CHOICE = re.compile(r"(?:one of:? |Valid Values: )\[([^\]]*)\]")
_QUOTED = re.compile(r'"\\?"?([^"\\]*)\\?"?"')
_PLACE = re.compile(r"Path: (\S+)")
_INDEX = re.compile(r"\[(?:Value\(.*?\)|[^\]]*)\]")
_SOME_LEAVES, _MANY_LEAVES = 100, 400
"""From so many arguments on they are not changed one by one beside every block, or at all."""


_MOST_CRASHES = 5
"""Of plans of one type, after which it is asked no more: it wants an answer from AWS."""


class Facts(Struct):
    """What was found out about one type: dotted paths without indexes."""

    defaults: dict[str, Any] = field(default_factory=dict)
    computed_blocks: set[str] = field(default_factory=set)
    force_new: set[str] = field(default_factory=set)
    recomputed: set[str] = field(default_factory=set)
    undecided: set[str] = field(default_factory=set)
    """Arguments that the provider would plan no change of, or no creation without."""

    def as_json(self) -> dict[str, Any]:
        """What is not empty, sorted."""
        rows = {
            "defaults": dict(sorted(self.defaults.items())),
            "computed_blocks": sorted(self.computed_blocks),
            "force_new": sorted(self.force_new),
            "recomputed": sorted(self.recomputed),
            "undecided": sorted(self.undecided),
        }
        return {name: row for name, row in rows.items() if row}


class Probe:
    """Asks one provider about one type."""

    def __init__(self, plugin: Plugin, type_name: str, block: Block) -> None:
        self._plugin = plugin
        self._type = type_name
        self._block = block
        self._sampler = Sampler(block, _learned(plugin, type_name, block))
        self._leaves = [*self._sampler.leaves()]
        self._left_out: set[tuple[str, ...]] = set()
        self._crashes = 0
        self.facts = Facts()

    def run(self) -> Facts:
        """Everything there is to find out."""
        bare, blocks = self._sampler.bare(), self._sampler.with_blocks()
        for config in (bare, blocks):
            self._create(config)
        leaves = self._leaves
        # Beside some arguments others are passed over: so they are changed in company and alone.
        in_company = self._change(self._sampler.full(), self._sampler.full(other=True), ())
        changed = set(leaves) if in_company else set()
        companies = (bare, blocks) if len(leaves) < _SOME_LEAVES else (bare,)
        for path in leaves if len(leaves) < _MANY_LEAVES else ():
            for company in companies:
                before = self._sampler.changed(company, path, other=False)
                if self._change(before, self._sampler.changed(company, path), path):
                    changed.add(path)
                    break
        self._remove_blocks()
        required = set(self._sampler.required())
        self.facts.undecided = {
            ".".join(path)
            for path in leaves
            if path not in changed or (path not in self._left_out and path not in required)
        }
        return self.facts

    def _remove_blocks(self) -> None:
        for path in self._sampler.blocks() if len(self._leaves) < _MANY_LEAVES else ():
            above = self._sampler.with_block(path[:-1])
            self._change(self._sampler.with_block(path), above, path)

    def _create(self, config: dict[str, Any]) -> dict[str, Any] | None:
        """Plan a creation, and take note of what it shows."""
        if (created := self._plan(config, None)) is None:
            return None
        self._read(self._block, config, created[0], ())
        return created[0]

    def _plan(
        self, config: dict[str, Any], prior: Any
    ) -> tuple[dict[str, Any], Sequence[tuple[str, ...]]] | None:
        """The planned object and what forces replacement; None: the provider refuses."""
        if self._crashes >= _MOST_CRASHES:
            return None
        try:
            return self._plugin.plan(
                self._type,
                config=config,
                proposed=proposed(self._block, config, prior),
                prior=prior,
            )
        except CrashedError:
            self._crashes += 1
            return None
        except PlannerError:
            return None

    def _read(self, block: Block, config: Any, planned: Any, above: tuple[str, ...]) -> None:
        """Take note of what becomes of each argument that is left out, the first time it is."""
        for name, attribute in block.attributes.items():
            path = (*above, name)
            if attribute.optional and config[name] is None and path not in self._left_out:
                self._left_out.add(path)
                if _says_something(planned[name]):
                    self.facts.defaults[".".join(path)] = planned[name]
        for name, nested in block.block_types.items():
            path = (*above, name)
            configured, found = config[name], planned[name]
            if not configured and path not in self._left_out:
                self._left_out.add(path)
                if is_unknown(found):
                    self.facts.computed_blocks.add(".".join(path))
            for inner, value in _pairs(configured, found):
                self._read(nested.block, inner, value, path)

    def _change(self, before: dict[str, Any], after: dict[str, Any], path: tuple[str, ...]) -> bool:
        """Plan a change from one configuration to another, of the argument at `path`."""
        if (created := self._create(before)) is None:
            return False
        for text in ("xx", None):  # a made-up text may not do where only some are valid
            prior = settled(self._block, created, text)
            if (changed := self._plan(after, prior)) is not None:
                break
        else:
            return False
        planned, forcing = changed
        for found in forcing:
            # Inside a set, a provider names the set alone.
            is_inside = path[: len(found)] == found
            self.facts.force_new.add(".".join(path if is_inside else found))
        if path and not forcing and text and path in self._leaves:
            self.facts.recomputed.update(
                name
                for name, value in planned.items()
                if is_unknown(value) and name not in {path[0], "tags_all"}
            )
        return True


def _learned(
    plugin: Plugin, type_name: str, block: Block
) -> dict[tuple[str, ...], tuple[str, str]]:
    """The texts a provider takes, from what it says of those it does not take."""
    texts: dict[tuple[str, ...], tuple[str, str]] = {}
    try:
        complaints = plugin.complaints(type_name, Sampler(block).full())
    except CrashedError:  # as providers do over what core would not have let through
        return {}
    for summary, detail, steps in complaints:
        place = _PLACE.search(detail)
        path = tuple(_INDEX.sub("", place[1]).split(".")) if place else steps
        if choice := _CHOICE.search(f"{summary} {detail}"):
            found = _QUOTED.findall(choice[1]) or choice[1].split()
            texts[path] = (found[0], found[1] if len(found) > 1 else found[0])
        elif "valid ARN" in f"{summary} {detail}":
            texts[path] = ARNS
    return texts


def _says_something(value: Any) -> bool:
    return value not in (None, [], {}) and is_wholly_known(value)


def _pairs(configured: Any, found: Any) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Blocks as configured and as planned; there is at most one of each in a sample."""
    if (
        isinstance(configured, dict)
        and isinstance(found, dict)
        and configured.keys() == found.keys()
    ):
        yield configured, found
    elif isinstance(configured, list) and isinstance(found, list):
        yield from zip(configured, found, strict=False)


def probe(binary: Path, provider: Block, types: Mapping[str, Block]) -> dict[str, Any]:
    """Type -> its facts in JSON. Raises PlannerError: the binary is no provider."""
    config = {name: _OFFLINE.get(name) for name in provider.attributes}
    facts = {}
    with started(binary, {**config, **{name: [] for name in provider.block_types}}) as plugin:
        for number, (name, block) in enumerate(sorted(types.items()), start=1):
            facts[name] = Probe(plugin, name, block).run().as_json()
            if number % 50 == 0:
                sys.stderr.write(f"{number} of {len(types)}\n")
    return facts


def main() -> None:
    """Write the facts of every resource type in a schema."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=Path, help="the provider's executable")
    parser.add_argument("schema", type=Path, help="what `terraform providers schema -json` prints")
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    ((_, schema),) = json.loads(arguments.schema.read_bytes())["provider_schemas"].items()
    types = {name: _block(each) for name, each in schema["resource_schemas"].items()}
    facts = probe(arguments.binary, _block(schema["provider"]), types)
    arguments.output.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def _block(schema: Mapping[str, Any]) -> Block:
    return msgspec.convert(schema["block"], Block)


if __name__ == "__main__":
    main()
