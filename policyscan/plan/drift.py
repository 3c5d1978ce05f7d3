"""Whether a plan was made of a source, told by what both show: "" or what differs.

The plan may be the work of another version of Terraform and of the provider, so values are
compared loosely: case, order, defaults and the layout of documents prove nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from policyscan.plan.combine import PENDING, as_document, with_pending
from policyscan.plan.configuration import ConfigModule, Expression
from policyscan.plan.model import Plan, Resource
from policyscan.plan.template import Template
from policyscan.plan.token import find_tokens
from policyscan.plan.value import ABSENT, Known

_ELSEWHERE = "/configuration"
"""How a replayed plan shows the folder it was made in, which `abspath` can let through."""
Writing = tuple[tuple[str, Expression], ...]
"""What stands at the paths of one block."""

_PROVIDER = "provider "
_NOTHING = (ABSENT, Known(None))
_MOMENT = re.compile(r"(?<!\d)20\d\d-?[01]\d-?[0-3]\d(?:t?[0-2]\d:?[0-5]\d(?::?[0-5]\d)?z?)?(?!\d)")
_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def drift(plan: Plan, replayed: Plan) -> str:
    """What shows that the source is not what the plan was made of, "" when nothing does."""
    missing = _addresses(plan) ^ _addresses(replayed)
    if missing:
        address = min(missing)
        where = "the plan" if address in _addresses(plan) else "the source"
        return f"{address} is only in {where}"
    theirs = dict(_writings(replayed))
    for place, writing in _writings(plan):
        if place.startswith(_PROVIDER) and place not in theirs:
            # Versions differ in how they name what a module was passed.
            continue
        if not _is_same_writing(writing, theirs.get(place, ())):
            return f"{place} is written otherwise"
    others = {resource.address: resource for resource in replayed.resources if not resource.deposed}
    for resource in plan.resources:
        other = others.get(resource.address)
        if resource.mode != "managed" or other is None or resource.deposed:
            continue
        if name := _disagreeing(resource, other):
            return f"{resource.address} has another {name}"
    return ""


def _addresses(plan: Plan) -> frozenset[str]:
    """Data sources are left out: a replay reads what the plan puts off."""
    return frozenset(r.address for r in plan.resources if r.mode == "managed" and not r.deposed)


def _writings(plan: Plan) -> Iterator[tuple[str, Writing]]:
    """(place, what is written there) of everything the configuration of a plan holds."""
    for key, provider in sorted(plan.providers.items()):
        yield _PROVIDER + key, tuple(provider.body.expressions())
    for module in plan.configuration.walk():
        yield from _writings_in(module)


def _writings_in(module: ConfigModule) -> Iterator[tuple[str, Writing]]:
    start = "".join(f"module.{name}." for name in module.path)
    for address, block in module.resources.items():
        # A replay reads the states of others from elsewhere.
        if block.type != "terraform_remote_state":
            written = block.expressions()
            yield start + address, tuple(w for w in written if not w[0].startswith("provisioner["))
    for name, call in module.calls.items():
        repeated = (("for_each", call.for_each), ("count", call.count))
        times = tuple((path, expression) for path, expression in repeated if expression is not None)
        yield f"{start}module.{name}", (*call.body.expressions(), *times)
    for name, output in module.outputs.items():
        yield f"{start}output.{name}", (("value", output.expression),)
    for name, default in module.defaults.items():
        yield f"{start}var.{name}", (("default", Expression(Known(default))),)


def _is_same_writing(ours: Writing, theirs: Writing) -> bool:
    others = dict(theirs)
    return len(ours) == len(others) and all(
        path in others and _is_same_expression(expression, others[path])
        for path, expression in ours
    )


def _is_same_expression(ours: Expression, theirs: Expression) -> bool:
    """Whether two expressions show the same constant and refer to the same.

    Old versions list only the object a reference leads to, new ones the attribute as well.
    """
    is_nothing = ours.constant in _NOTHING and theirs.constant in _NOTHING
    if ours.constant != theirs.constant and not is_nothing:
        return False
    one, other = ([each.text for each in side.references] for side in (ours, theirs))
    return all(any(_is_part(text, each) for each in other) for text in one) and all(
        any(_is_part(text, each) for each in one) for text in other
    )


def _is_part(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return short == long or long.startswith((f"{short}.", f"{short}["))


def _disagreeing(resource: Resource, other: Resource) -> str:
    """An argument made of references that is known in both and not the same."""
    if resource.config is None or resource.after is None or other.after is None:
        return ""
    before = resource.before or {}
    for name in sorted(resource.after):
        subjects = {
            reference.text.partition(".")[0]
            for _, expression in resource.expressions(name)
            for reference in expression.references
        }
        is_dynamic = not resource.expressions(name) and _is_blocks(resource.after[name])
        if not (subjects or is_dynamic) or "path" in subjects:
            continue
        # What stays may be the provider's wording of what is written now.
        if name in before and before[name] == resource.after[name] and not _is_exact(before[name]):
            continue
        if not _agree(_tree(resource, name), _tree(other, name)):
            return name
    return ""


def _is_blocks(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(each, dict) for each in value)


def _is_exact(value: Any) -> bool:
    return isinstance(value, bool | int | float)


def _tree(resource: Resource, name: str) -> Any:
    marks = resource.after_unknown
    mark = marks.get(name, False) if isinstance(marks, dict) else marks
    return with_pending((resource.after or {}).get(name), mark)


def _agree(ours: Any, theirs: Any) -> bool:
    """Whether a value of the plan can be what the source gives."""
    if ours is None or theirs is None:
        return True
    if isinstance(ours, str) and isinstance(theirs, str):
        return _agree_texts(ours, theirs)
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return _agree_objects(ours, theirs)
    if isinstance(ours, list) and isinstance(theirs, list):
        return _agree_lists(ours, theirs)
    # Versions of a provider differ in what is a block, a list or a single value.
    if isinstance(ours, list | dict) or isinstance(theirs, list | dict):
        return True
    if _is_open(ours) or _is_open(theirs):
        return True
    return bool(ours == theirs) or str(ours).lower() == str(theirs).lower()


def _agree_objects(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """Object types gain and lose members between versions; a map of texts has those it was given.

    Members are told by their names in any case, as in documents that providers rewrite.
    """
    others = {name.lower(): inner for name, inner in theirs.items()}
    names = {name.lower() for name in ours}
    values = (*ours.values(), *theirs.values())
    if all(isinstance(each, str) for each in values) and not _is_open(list(theirs)):
        return names == others.keys() and all(
            _agree(inner, others[name.lower()]) for name, inner in ours.items()
        )
    return all(
        _agree(inner, others[name.lower()])
        for name, inner in ours.items()
        if name.lower() in others
    )


def _agree_lists(ours: list[Any], theirs: list[Any]) -> bool:
    if len(ours) != len(theirs):
        return _is_open(ours) or _is_open(theirs)
    return all(map(_agree, ours, theirs)) or all(
        any(_agree(each, other) for other in theirs) for each in ours
    )


def _agree_texts(ours: str, theirs: str) -> bool:
    if _plain(ours) == _plain(theirs) or _ELSEWHERE in theirs or _is_open(theirs):
        return True
    if _HASH.fullmatch(ours) and not _HASH.fullmatch(theirs):
        # Some arguments are kept as their hash, `user_data` of old for one.
        return True
    document, other = as_document(ours), as_document(theirs)
    return document is not None and other is not None and _agree(document, other)


def _plain(text: str) -> str:
    """What is left of a text when neither case, space, a last dot nor the moment counts."""
    return _MOMENT.sub("", re.sub(r"\s+", "", text.lower()).rstrip("."))


def _is_open(tree: Any) -> bool:
    """Whether anything in it waits for apply."""
    if isinstance(tree, str):
        return any(token for _, token, _ in find_tokens(tree))
    if isinstance(tree, list):
        return any(map(_is_open, tree))
    if isinstance(tree, dict):
        return any(map(_is_open, tree)) or any(map(_is_open, tree.values()))
    return tree is PENDING or isinstance(tree, Template)
