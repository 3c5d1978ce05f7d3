"""Makes the two ways checks name a place in a resource quick: dpath's and JSON path."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from types import ModuleType
from typing import Any

Path = tuple[Any, ...]


def quicken(dpath: ModuleType) -> None:
    """Have `dpath.get` and `dpath.search` go down only where the path leads."""
    segments = dpath.segments
    get, search = dpath.get, dpath.search
    # Checkov's runner says so when it is loaded, which this worker does not do.
    dpath.options.ALLOW_EMPTY_STRING_KEYS = True

    def quick_get(tree: Any, path: Any, *more: Any, **options: Any) -> Any:
        parts = _parts(path, more, options)
        found = _matches(segments, tree, parts) if parts else []
        if len(found) == 1:
            return found[0][1]
        return get(tree, path, *more, **options)  # which knows what to raise

    def quick_search(tree: Any, path: Any, *more: Any, **options: Any) -> Any:
        parts = _parts(path, more, options)
        if not parts:
            return search(tree, path, *more, **options)
        kept: dict[Any, Any] = {}
        for place, value in _matches(segments, tree, parts):
            segments.set(kept, place, value, hints=segments.types(tree, place))
        return kept

    dpath.get, dpath.search = quick_get, quick_search  # type: ignore[attr-defined]


def quicken_jsonpath(jsonpath: ModuleType) -> None:
    """Have the grammar of JSON paths worked out once, and not for each path, 20 ms each time."""
    grammar = importlib.import_module(f"{jsonpath.__name__}.parser").ply.yacc
    stock = grammar.yacc
    parsers: dict[tuple[type, str], Any] = {}

    def yacc(*, module: Any, start: str, **options: Any) -> Any:
        # Its methods look at what is parsed alone, so any instance does.
        key = (type(module), start)
        if key not in parsers:
            parsers[key] = stock(module=module, start=start, **options)
        return parsers[key]

    grammar.yacc = yacc


def _parts(path: Any, more: tuple[Any, ...], options: dict[str, Any]) -> list[str]:
    """The parts of a path, none where it needs dpath itself."""
    if more or options or not isinstance(path, str):
        return []
    parts = path.split("/")
    return [] if "" in parts or "**" in parts else parts


def _matches(segments: Any, tree: Any, parts: list[str]) -> list[tuple[Path, Any]]:
    found: list[tuple[Path, Any]] = [((), tree)]
    for part in parts:
        found = [
            ((*path, key), value)
            for path, node in found
            for key, value in _below(segments, node, part)
        ]
    return found


def _below(segments: Any, node: Any, part: str) -> Iterator[tuple[Any, Any]]:
    if isinstance(node, dict) and not any(letter in part for letter in "*?["):
        if part in node:
            yield part, node[part]
    elif not segments.leaf(node):
        for key, value in segments.make_walkable(node):
            if segments.match((key,), (part,)):
                yield key, value
