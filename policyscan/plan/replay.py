"""A plan made again with tokens for what only apply will tell -> a plan that knows more.

What a replay proves is put in where the plan says "known after apply": the value itself where it
does not depend on apply at all, else a Template that names the instances and attributes it will
be made of. Nothing the plan knows is changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from policyscan.plan.attributes import has_true, mark_of
from policyscan.plan.combine import (
    PENDING,
    canonical,
    combined,
    derived,
    either,
    merged,
    with_pending,
)
from policyscan.plan.model import Plan, Resource
from policyscan.plan.template import DERIVED, Taken, Template, template_of
from policyscan.plan.token import Issue, find_tokens, shaped


@dataclass(frozen=True)
class Run:
    """One replayed plan, and where each of its tokens was given out."""

    plan: Plan
    issued: Mapping[str, Issue]

    @cached_property
    def owners(self) -> Mapping[int, str]:
        """The address of each planned object, by the tokens nobody but the provider can give."""
        votes: dict[int, Counter[str]] = {}
        for resource in self.plan.resources:
            for name, value in (resource.after or {}).items():
                if resource.config is not None and name in resource.config.body.arguments:
                    continue
                for token in _tokens_in(value):
                    issue = self.issued.get(token)
                    if issue and issue.type == resource.type and issue.path == name:
                        votes.setdefault(issue.number, Counter())[resource.address] += 1
        return {
            number: min(found, key=lambda one: (-found[one], one))
            for number, found in votes.items()
        }

    def read(self, text: str) -> str | Template:
        """A text with the instances and attributes its tokens stand for."""
        return template_of(self._parts(text))

    def _parts(self, text: str) -> Iterator[str | Taken]:
        for before, token, form in find_tokens(text):
            yield before
            issue = self.issued.get(token)
            address = self.owners.get(issue.number) if issue else None
            if issue is None or address is None:
                if token:
                    yield DERIVED
            elif shaped(token, issue.path) == token:
                # This form has no slash of its own: somebody wrote the value twice.
                for index, word in enumerate(form.split("/")):
                    yield from ["/"] * (index > 0)
                    yield Taken(address, issue.path, is_whole=word == token)
            else:
                yield Taken(address, issue.path, is_whole=form == shaped(token, issue.path))


def _tokens_in(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield from (token for _, token, _ in find_tokens(value) if token)
    elif isinstance(value, list):
        for inner in value:
            yield from _tokens_in(inner)


class Replay(Struct, frozen=True):
    """The same source planned twice, with tokens of one dialect and of the other.

    `sets`: resource type -> dotted paths whose elements Terraform lists in the order of tokens.
    """

    first: Run
    second: Run
    sets: Mapping[str, frozenset[str]]


def enriched(plan: Plan, replay: Replay) -> Plan:
    """The plan with what the replay proves. Its own knowledge stays as it is."""
    pairs = _pairs(replay)
    resources = tuple(
        _enriched(resource, pairs[resource.address]) if resource.address in pairs else resource
        for resource in plan.resources
    )
    return replace(plan, resources=resources, is_replayed=True)


class _Pair(Struct, frozen=True):
    """One instance as both replays planned it."""

    first: _Read
    second: _Read

    def argument(self, name: str) -> Any:
        """What both agree on."""
        return combined(self.first.argument(name), self.second.argument(name))


def _pairs(replay: Replay) -> Mapping[str, _Pair]:
    seconds = {r.address: r for r in replay.second.plan.resources if not r.deposed}
    found = {}
    for first in replay.first.plan.resources:
        second = seconds.get(first.address)
        if second is None or first.deposed or first.after is None or second.after is None:
            continue
        sets = replay.sets.get(first.type, frozenset())
        found[first.address] = _Pair(
            _Read(first, replay.first, sets), _Read(second, replay.second, sets)
        )
    return found


def _enriched(resource: Resource, pair: _Pair) -> Resource:
    other = pair.first.resource
    if resource.deposed or resource.after is None or not has_true(resource.after_unknown):
        return resource
    if resource.mode == "managed" and not (
        resource.actions == other.actions == pair.second.resource.actions
    ):
        return resource
    after, unknown = dict(resource.after), dict(resource.after_unknown)
    # Terraform cannot mark what is inside a value it does not know yet, but a replay can.
    sensitive = either(resource.after_sensitive, other.after_sensitive)
    for name in sorted(unknown):
        if has_true(unknown[name]) and (resource.mode == "data" or resource.is_written(name)):
            after[name], unknown[name] = merged(
                after.get(name),
                unknown[name],
                pair.argument(name),
                mark_of(sensitive, name),
                own=resource.address,
            )
    return replace(resource, after=after, after_unknown=unknown, after_sensitive=sensitive)


class _Read(Struct, frozen=True):
    """One replayed instance, its tokens read."""

    resource: Resource
    run: Run
    sets: frozenset[str]

    def argument(self, name: str) -> Any:
        """One argument as a tree of what is known, Templates and PENDING."""
        after, marks = self.resource.after or {}, self.resource.after_unknown
        if name not in after and mark_of(marks, name) is False:
            return PENDING
        return self._tree(with_pending(after.get(name), mark_of(marks, name)), name)

    def _tree(self, tree: Any, path: str) -> Any:
        if isinstance(tree, str):
            return self.run.read(tree)
        if isinstance(tree, list):
            members = [self._tree(each, path) for each in tree]
            return sorted(members, key=canonical) if path in self.sets else members
        if isinstance(tree, dict):
            read = {
                self.run.read(key): self._tree(inner, f"{path}.{key}")
                for key, inner in tree.items()
            }
            return read if all(isinstance(key, str) for key in read) else derived(read)
        return tree
