"""How the arguments of blocks are read: once for all instances of a block."""

from __future__ import annotations

from msgspec.structs import replace

from policyscan.graph.reading import Reading, read, read_source
from policyscan.graph.written import Written
from policyscan.plan import Resource


class Arguments:
    """The readings of attributes, told exactly by the source where it agrees."""

    def __init__(self, written: Written) -> None:
        self._written = written
        self._found: dict[tuple[int, str], tuple[bool, tuple[Reading, ...]]] = {}

    def of(self, resource: Resource, path: str) -> tuple[bool, tuple[Reading, ...]]:
        """Whether the plan lists an attribute, and how what leads on in it is read."""
        # Blocks are told apart by what they are in memory: those of two modules may be equal.
        key = (id(resource.config), path)
        if key not in self._found:
            expressions = resource.expressions(path)
            readings = [
                read(each.references, self._written.given(resource, at))
                for at, each in expressions
                if each.references
            ]
            if not expressions and resource.config is not None:
                readings = self._dynamic(resource, path)
            self._found[key] = bool(expressions), tuple(readings)
        return self._found[key]

    def _dynamic(self, resource: Resource, path: str) -> list[Reading]:
        """How the arguments of `dynamic` blocks are read, which the plan does not list."""
        found = self._written.dynamic(resource.module_path, resource.config_address, path)
        readings = [read_source(each) for each in found]
        # Which of several blocks or elements an argument belongs to is not looked into.
        return [replace(each, picks=True) for each in readings] if len(found) > 1 else readings
