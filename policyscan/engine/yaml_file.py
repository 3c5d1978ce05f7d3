"""Reads a YAML file: what it holds, and on which line each part of it stands."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct

from policyscan.errors import ConfigError

_MERGE = "tag:yaml.org,2002:merge"
_TIMESTAMP = "tag:yaml.org,2002:timestamp"


class YamlFile(Struct, frozen=True):
    """The one document of a file, `content` None when it is empty."""

    path: Path
    content: Any
    _root: yaml.Node | None

    def place(self, keys: Sequence[str]) -> str:
        """`file:line` of what keys, and numbers of elements, lead to, as far as they lead."""
        node, line = self._root, 1
        for wanted in keys:
            if isinstance(node, yaml.SequenceNode):
                node = node.value[int(wanted)]
                line = node.start_mark.line + 1
                continue
            if not isinstance(node, yaml.MappingNode):
                break
            for key, value in node.value:
                if key.value == wanted:
                    node, line = value, key.start_mark.line + 1
                    break
        return f"{self.path}:{line}"


class _Loader(yaml.SafeLoader):
    """A safe loader that takes each key once: of two only the last would count, and silently."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's
        seen = set()
        for key, _ in node.value:
            if key.tag != _MERGE and isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"{key.value} is given twice", key.start_mark
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


class _PlainLoader(_Loader):
    """A loader of what is written: a date is a text, and nothing stands for something else."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event: Any = self.get_event()  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(
                None, None, "an alias; write out what it stands for", event.start_mark
            )
        return super().compose_node(parent, index)

    def construct_yaml_timestamp(self, node: yaml.Node) -> Any:
        return self.construct_yaml_str(node)


_PlainLoader.add_constructor(_TIMESTAMP, _PlainLoader.construct_yaml_timestamp)


def read_yaml(path: Path, *, is_plain: bool = False) -> YamlFile:
    """Read a file; a plain one has no aliases, and its dates stay texts.

    Raises ConfigError: not there, not UTF-8, or not one document of YAML.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8"
        raise ConfigError(f"{path}: cannot be read: {reason}") from None
    kind = "plain YAML" if is_plain else "YAML"
    try:
        loader = (_PlainLoader if is_plain else _Loader)(text)
        root = loader.get_single_node()
        content = None if root is None else loader.construct_document(root)
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        what = getattr(problem, "problem", None) or "it is broken"
        raise ConfigError(f"{path}{line}: not {kind}: {what}") from None
    except (ValueError, RecursionError):
        # A date that no calendar has, a number too long to read; or brackets without end.
        raise ConfigError(f"{path}: not {kind}: a value cannot be read") from None
    return YamlFile(path, content, root)
