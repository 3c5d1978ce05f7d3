"""The source in the terms of the plan: what its text adds to the plan's list of references."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyscan.plan import ABSENT, Known, Resource, Value
from policyscan.plan.address import Index, ModulePath, Reference, Subject, parse_reference

if TYPE_CHECKING:
    from policyscan.source import Block, Expression, Source, SourceModule
    from policyscan.source import Reference as SourceReference

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

    def line(self, file: str, number: int) -> str:
        """One line of a source file, "" when it cannot be read any more."""
        if self._source is None:
            return ""
        try:
            text = (self._source.directory / file).read_text(encoding="utf-8-sig")
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


def alternatives(expression: Expression) -> tuple[Expression, ...]:
    """The expressions one of which this one becomes: the arms of conditionals, else itself."""
    if expression.shape is Shape.CONDITIONAL and expression.conditional is not None:
        _, if_true, if_false = expression.conditional
        return (*alternatives(if_true), *alternatives(if_false))
    return (expression,)


def _planned(reference: SourceReference) -> Reference:
    """A source reference the way the plan's are told: subject, index, attribute."""
    subject = parse_reference(reference.text)
    if reference.index is None:
        whole = parse_reference(
            f"{reference.text}.{reference.attribute}" if reference.attribute else reference.text
        )
        return whole
    return Reference(
        text=f"{reference.text}.{reference.attribute}".rstrip("."),
        subject=subject.subject,
        name=subject.name,
        key=_key(reference.index),
        output=_head(reference.attribute) if subject.subject == "module" else "",
        attribute=_tail(reference.attribute)
        if subject.subject == "module"
        else reference.attribute,
    )


def _key(index: object) -> int | str | Index:
    if isinstance(index, int):
        return index
    if isinstance(index, Expression):
        return Index.SAME if index.text in _SAME_KEY else Index.DYNAMIC
    text = str(index)
    return Index.SPLAT if text == "splat" else text


def _head(attribute: str) -> str:
    return attribute.split(".")[0].split("[")[0]


def _tail(attribute: str) -> str:
    return attribute[len(_head(attribute)) :].removeprefix(".")
