"""A YAML document in which every value knows its line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from policyscan.engine.contract import Problem

if TYPE_CHECKING:
    import yaml


class Written(Struct, frozen=True):
    """A value and its line, from 1: `value` is a scalar, a dict or a tuple of `Written`."""

    value: Any
    line: int

    @property
    def plain(self) -> Any:
        """The value without its lines."""
        match self.value:
            case dict():
                return {name: part.plain for name, part in self.value.items()}
            case tuple():
                return [part.plain for part in self.value]
            case _:
                return self.value

    @property
    def entries(self) -> dict[str, Written]:
        """What a map holds; nothing where it is none."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def members(self) -> tuple[Written, ...]:
        """What a list holds; a value that is no list stands for a list of itself."""
        return self.value if isinstance(self.value, tuple) else (self,)


def read_written(path: Path) -> tuple[Written | None, tuple[Problem, ...]]:
    """The document of a file, None when it is empty or broken, and what is wrong with it."""
    import yaml  # noqa: PLC0415 - costs a cold start 40 ms, and most packs hold no YAML

    try:
        loader = yaml.SafeLoader(path.read_text(encoding="utf-8-sig"))
        node = loader.get_single_node()
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8"
        return None, (Problem(path, 1, f"cannot be read: {reason}"),)
    except yaml.YAMLError as problem:
        return None, (Problem(path, _line(problem), f"not YAML: {_what(problem)}"),)
    if node is None:
        return None, ()
    problems: list[Problem] = []
    try:
        return _written(loader, node, path, problems), tuple(problems)
    except yaml.YAMLError as problem:
        return None, (Problem(path, _line(problem), f"not YAML: {_what(problem)}"),)
    except RecursionError:
        return None, (Problem(path, 1, "an alias in it leads back to itself"),)


def _line(problem: yaml.YAMLError) -> int:
    mark = getattr(problem, "problem_mark", None)
    return mark.line + 1 if mark else 1


def _what(problem: yaml.YAMLError) -> str:
    return str(getattr(problem, "problem", None) or problem).splitlines()[0]


def _written(
    loader: yaml.SafeLoader, node: yaml.Node, path: Path, problems: list[Problem]
) -> Written:
    import yaml  # noqa: PLC0415 - likewise

    line = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        parts = tuple(_written(loader, part, path, problems) for part in node.value)
        return Written(parts, line)
    if not isinstance(node, yaml.MappingNode):
        return Written(loader.construct_object(node), line)
    problems.extend(
        Problem(path, again, f"{name} is there twice: one of them would be lost")
        for name, again in _twice(node)
    )
    loader.flatten_mapping(node)
    entries = {}
    for key, part in node.value:
        if isinstance(key, yaml.ScalarNode):
            entries[key.value] = _written(loader, part, path, problems)
        else:
            where = key.start_mark.line + 1
            problems.append(Problem(path, where, "a list or map is no name of an entry"))
    return Written(entries, line)


def _twice(node: yaml.MappingNode) -> Iterator[tuple[str, int]]:
    seen: set[str] = set()
    for key, _ in node.value:
        if str(key.value) in seen:
            yield str(key.value), key.start_mark.line + 1
        seen.add(str(key.value))
