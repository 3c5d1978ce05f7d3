"""The source in the terms of the plan: what its text adds to the plan's list of references."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from policyscan.plan import ABSENT, Known, Resource, Value
from policyscan.plan.address import Index, ModulePath, Reference, Subject, parse_reference

if TYPE_CHECKING:
    from policyscan.source.model import Block, Expression, Source, SourceModule
    from policyscan.source.model import Reference as SourceReference

_SAME_KEY = {"each.key", "count.index"}


class Written:
    """Answers from the source, None wherever it is not at hand."""

    def __init__(self, source: Source | None) -> None:
        self._source = source

    def module(self, path: ModulePath) -> SourceModule | None:
        """The source of a module."""
        return None if self._source is None else self._source.modules.get(path)

    def block(self, path: ModulePath, address: str) -> Block | None:
        """The block of an address such as `aws_ecs_service.this` or `module.network`."""
        module = self.module(path)
        return None if module is None else module.blocks.get(address)

    def expression(self, path: ModulePath, address: str, attribute: str) -> Expression | None:
        """One argument as written."""
        block = self.block(path, address)
        return None if block is None else block.attributes.get(attribute)

    def argument(
        self, path: ModulePath, address: str, attribute: str
    ) -> tuple[Reference, ...] | None:
        """The references of one argument."""
        return _references(self.expression(path, address, attribute))

    def output(self, path: ModulePath, name: str) -> tuple[Reference, ...] | None:
        """The references of an output's value."""
        return self.argument(path, f"output.{name}", "value")

    def local(self, path: ModulePath, name: str) -> tuple[Reference, ...] | None:
        """The references of a local."""
        module = self.module(path)
        return None if module is None else _references(module.locals.get(name))

    def members(
        self, resource: Resource, attribute: str, name: str
    ) -> tuple[tuple[tuple[Reference, ...], Value], ...]:
        """For each value of a key inside an argument: its references, and its constant if any."""
        written = self.expression(resource.module_path, resource.config_address, attribute)
        if written is None:
            return ()
        return tuple(
            (
                tuple(_planned(each) for each in inner.references),
                Known(inner.literal) if isinstance(inner.literal, str) else ABSENT,
            )
            for inner in written.members(name)
        )

    def path_of(self, file: str) -> str:
        """A file of the source as a path from where the source folder was given."""
        return file if self._source is None else (self._source.directory / file).as_posix()

    def line(self, path: str, number: int) -> str:
        """One line of a source file, "" when it cannot be read any more."""
        if self._source is None:
            return ""
        try:
            text = Path(path).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError):
            return ""
        lines = text.splitlines()
        return lines[number - 1].expandtabs() if 0 < number <= len(lines) else ""

    def why_missing(self, path: ModulePath, name: str) -> str:
        """Why the source does not answer, as the end of a sentence about `name`."""
        if self._source is None:
            return "a plan holds no locals; give --source-dir"
        if self.module(path) is None:
            return "the source of this module is not at hand"
        return f"{name} is not in the source"


def _references(expression: Expression | None) -> tuple[Reference, ...] | None:
    if expression is None:
        return None
    return tuple(_planned(each) for each in expression.references)


def _planned(reference: SourceReference) -> Reference:
    """A source reference the way the plan's are told: subject, index, attribute."""
    subject = parse_reference(reference.text)
    if reference.index is None:
        dot = "" if reference.attribute.startswith("[") or not reference.attribute else "."
        return parse_reference(f"{reference.text}{dot}{reference.attribute}")
    attribute = reference.attribute
    output = ""
    if subject.subject is Subject.MODULE:
        output = attribute.split(".")[0].split("[")[0]
        attribute = attribute[len(output) :].removeprefix(".")
    return Reference(
        str(reference), subject.subject, subject.name, _key(reference), output, attribute
    )


def _key(reference: SourceReference) -> int | str | Index:
    from policyscan.source.model import Splat  # noqa: PLC0415 - only where source was read already

    match reference.index:
        case Splat():
            return Index.SPLAT
        case int() | str() as key:
            return key
        case dynamic:
            is_same = dynamic is not None and dynamic.text in _SAME_KEY
            return Index.SAME if is_same else Index.DYNAMIC
