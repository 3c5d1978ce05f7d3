"""Puts a mutant into the program that is running, where all that refers to it will meet it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from types import FunctionType
from typing import Any

from msgspec.structs import replace

from policyscan.rule import Finding, Verdict

Namespace = dict[str, Any]

_OTHER = {
    Verdict.PASS: Verdict.FAIL,
    Verdict.FAIL: Verdict.PASS,
    Verdict.UNKNOWN: Verdict.PASS,
    Verdict.NA: Verdict.PASS,
}


def turned(make: Callable[..., Finding]) -> Callable[..., Finding]:
    """Makes the same finding with another verdict."""

    def other(*arguments: Any, **details: Any) -> Finding:
        finding = make(*arguments, **details)
        return replace(finding, verdict=_OTHER[finding.verdict])

    return other


def transplant(
    mutated: bytes, constant: str, live: Namespace, everywhere: tuple[Namespace, ...] = ()
) -> int:
    """Make a loaded module behave like its mutant; returns how many functions or names changed.

    Functions get the mutant's code: whoever imported one, or a class, keeps what he has. A mutated
    `constant` is bound anew in `everywhere`, wherever it stands under its name.
    """
    name, file = live["__name__"], live["__file__"]
    live["turned"] = turned
    if constant:
        return _bind(mutated, constant, live, everywhere)
    fresh: Namespace = {"__name__": name, "__file__": file, "__package__": live.get("__package__")}
    exec(compile(mutated, file, "exec", dont_inherit=True), fresh)  # noqa: S102 - it is our own file
    return sum(_take_over(old, new) for old, new in _functions(live, fresh, name))


def _bind(mutated: bytes, constant: str, live: Namespace, everywhere: tuple[Namespace, ...]) -> int:
    # In a copy of the module, so that it is made of the classes that everybody knows.
    scratch = dict(live)
    for each in ast.parse(mutated).body:
        match each:
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                if name == constant:
                    code = compile(ast.Module([each], []), live["__file__"], "exec")
                    exec(code, scratch)  # noqa: S102 - likewise
    old, changed = live[constant], 0
    for namespace in (live, *everywhere):
        if namespace.get(constant) is old and scratch[constant] != old:
            namespace[constant] = scratch[constant]
            changed += 1
    return changed


def namespaces(*prefixes: str) -> tuple[Namespace, ...]:
    """Those of all loaded modules whose name starts so."""
    return tuple(
        vars(module)
        for name, module in sorted(sys.modules.items())
        if name.startswith(prefixes) and module is not None
    )


def _take_over(old: FunctionType, new: FunctionType) -> bool:
    keywords = old.__kwdefaults__ or {}
    defaults = _changed(old.__defaults__ or (), new.__defaults__ or ())
    named = _changed(tuple(keywords.values()), tuple((new.__kwdefaults__ or {}).values()))
    same = (old.__code__, old.__defaults__ or (), tuple(keywords.values())) == (
        new.__code__,
        defaults,
        named,
    )
    if not same:
        old.__code__ = new.__code__
        old.__defaults__ = defaults
        old.__kwdefaults__ = dict(zip(keywords, named, strict=True))
    return not same


def _changed(old: tuple[object, ...], new: tuple[object, ...]) -> tuple[object, ...]:
    """The new values where they differ; else the old objects, made of classes that all know."""
    return tuple(
        there if repr(here) != repr(there) else here for here, there in zip(old, new, strict=True)
    )


def _functions(
    old: Mapping[str, Any], new: Mapping[str, Any], module: str
) -> Iterator[tuple[FunctionType, FunctionType]]:
    """The functions of one namespace beside those of another, also those in classes."""
    for key, there in new.items():
        here = old.get(key)
        if isinstance(here, type) and isinstance(there, type) and there.__module__ == module:
            yield from _functions(vars(here), vars(there), module)
            continue
        pair = _bare(here), _bare(there)
        if pair[0] is not None and pair[1] is not None and pair[0].__module__ == module:
            yield pair[0], pair[1]


def _bare(value: Any) -> FunctionType | None:
    """The function in a method, a property or a cache; None for what is no function."""
    match value:
        case FunctionType():
            return value
        case property():
            return _bare(value.fget)
        case cached_property():
            return _bare(value.func)
        case staticmethod() | classmethod():
            return _bare(value.__func__)
    return _bare(value.__wrapped__) if hasattr(value, "__wrapped__") else None
