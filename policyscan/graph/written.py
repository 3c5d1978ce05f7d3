"""The source in the terms of the plan: what its text adds to the plan's list of references."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from policyscan.graph.reading import Reading, planned_reference, read_source, references_of
from policyscan.graph.scope import block_of
from policyscan.plan import ABSENT, Known, Resource, Value
from policyscan.plan.address import ModulePath, Reference

if TYPE_CHECKING:
    from policyscan.source.model import Block, Comment, Dynamic, Expression, Source, SourceModule


class Member(Struct, frozen=True):
    """A value given to a key: how it is read, and the constant it is, if it is one."""

    reading: Reading
    constant: Value


class Keyed(Struct, frozen=True):
    """What an argument gives to one key, the references under other keys, and those under none."""

    members: tuple[Member, ...] = ()
    beside: tuple[Reference, ...] = ()
    loose: tuple[Reference, ...] = ()


_LISTED = re.compile(
    r"(provider|depends_on)$|lifecycle\[0\]\.ignore_changes|provisioner\[\d+\]\.(?!connection)"
)
"""What a plan lists elsewhere, and names that are never evaluated."""


_KEYS = re.compile(r"\[[^\]]*\]")


class Written:
    """Answers from the source, None wherever it is not at hand."""

    def __init__(self, source: Source | None) -> None:
        self._source = source
        self._imports: Mapping[tuple[ModulePath, str], list[tuple[str, Expression]]] | None = None
        self._lines: dict[str, list[str]] = {}

    @property
    def is_at_hand(self) -> bool:
        """Whether there is any source."""
        return self._source is not None

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

    def given(self, resource: Resource, attribute: str) -> Expression | None:
        """One argument of a resource as written."""
        if self._source is None:
            return None
        return self.expression(resource.module_path, resource.config_address, attribute)

    def argument(
        self, path: ModulePath, address: str, attribute: str
    ) -> tuple[Reference, ...] | None:
        """The references of one argument."""
        expression = self.expression(path, address, attribute)
        return None if expression is None else references_of(expression)

    def local(self, path: ModulePath, name: str) -> Expression | None:
        """A local as written."""
        module = self.module(path)
        return None if module is None else module.locals.get(name)

    def dynamic(self, path: ModulePath, address: str, attribute: str) -> tuple[Expression, ...]:
        """The expressions behind `route[0].gateway_id` where `dynamic` blocks make the routes.

        What a block is made for comes along where its content uses the iterator.
        """
        block = self.block(path, address)
        name, _, inner = attribute.partition("[")
        inner = inner.partition("].")[2]
        found: list[Expression] = []
        for made in block.dynamic.get(name, ()) if block is not None else ():
            content = made.attributes.get(inner)
            if content is not None:
                uses = re.search(rf"(?<![\w.]){re.escape(made.iterator)}\.value\b", content.text)
                found += [content, made.for_each] if uses else [content]
        return tuple(found)

    def unlisted(
        self, path: ModulePath, address: str, listed: Iterable[str]
    ) -> Iterator[tuple[str, Expression]]:
        """What a block refers to and a plan does not list, by the path it is written at.

        Conditions, `replace_triggered_by`, connections and `dynamic` blocks.
        """
        block = self.block(path, address)
        if block is None:
            return
        known = frozenset(listed)
        for name, expression in block.attributes.items():
            if name not in known and not _LISTED.match(name):
                yield name, expression
        yield from _inside(block.dynamic, "")

    def imported(self, path: ModulePath, address: str) -> Iterable[tuple[str, Expression]]:
        """What `import` blocks of the root module say of a block, by the argument it is told in."""
        if self._imports is None:
            found: dict[tuple[ModulePath, str], list[tuple[str, Expression]]] = {}
            root = self.module(())
            for name, block in root.blocks.items() if root is not None else ():
                if name.startswith("import[") and "to" in block.attributes:
                    where = block_of(_KEYS.sub("", block.attributes["to"].text))
                    told = ((part, block.attributes.get(part)) for part in ("id", "for_each"))
                    found.setdefault(where, []).extend(
                        (f"import.{part}", each) for part, each in told if each is not None
                    )
            self._imports = found
        return self._imports.get((path, address), ())

    def keys_from(self, path: ModulePath, address: str) -> str:
        """What the keys of a block's instances are written from, locals spelt out; "" if none."""
        each = self.expression(path, address, "for_each") or self.expression(path, address, "count")
        if each is None:
            return ""
        locals_in = [
            inner.text
            for reference in each.references
            if (inner := self._local(path, str(reference))) is not None
        ]
        return "\n".join([each.text, *locals_in])

    def members(self, resource: Resource, attribute: str, name: str) -> Keyed:
        """Each value given to a key inside an argument, and what else the argument refers to.

        A local that stands for a part of the argument is looked into.
        """
        path = resource.module_path
        written = self.expression(path, resource.config_address, attribute)
        return Keyed() if written is None else self._members(path, written, name, ())

    def _members(
        self, path: ModulePath, written: Expression, name: str, seen: tuple[str, ...]
    ) -> Keyed:
        members = [_member(value) for value in written.members(name)]
        keyed = {
            str(each)
            for values in written.keyed.values()
            for value in values
            for each in value.references
        }
        others = (values for key, values in written.keyed.items() if key != name)
        beside = [each for values in others for value in values for each in references_of(value)]
        loose: list[Reference] = []
        for reference in written.references:
            shown = str(reference)
            local = None if shown in seen else self._local(path, shown)
            if shown in keyed:
                continue
            if local is None:
                loose.append(planned_reference(reference))
                continue
            inner = self._members(path, local, name, (*seen, shown))
            members.extend(inner.members)
            beside.extend(inner.beside)
            loose.extend(inner.loose)
        return Keyed(tuple(members), tuple(dict.fromkeys(beside)), tuple(dict.fromkeys(loose)))

    def comments(self) -> Iterator[tuple[ModulePath, Comment]]:
        """What comments say of blocks, with the module that each is read for.

        A folder that is called as several modules is read for each. Files are as `path_of` gives
        them.
        """
        for path, module in self._source.modules.items() if self._source is not None else ():
            for comment in module.comments:
                yield path, replace(comment, file=self.path_of(comment.file))

    def _local(self, path: ModulePath, reference: str) -> Expression | None:
        """The local a reference takes as a whole."""
        module = self.module(path)
        name = reference.removeprefix("local.")
        return None if module is None or name == reference else module.locals.get(name)

    def path_of(self, file: str) -> str:
        """A file of the source as a path from where the source folder was given."""
        if self._source is None:
            return file
        return self._source.shown(file)

    def lines(self, path: str, first: int, last: int) -> tuple[str, ...]:
        """Lines of a source file from 1, both included; none when it cannot be read any more."""
        if self._source is None:
            return ()
        if path not in self._lines:
            try:
                text = self._source.place(path).read_bytes().decode("utf-8-sig")
            except (OSError, UnicodeDecodeError):
                text = ""
            self._lines[path] = text.split("\n") if text else []
        return tuple(line.removesuffix("\r") for line in self._lines[path][first - 1 : last])

    def why_missing(self, path: ModulePath, name: str) -> str:
        """Why the source does not answer, as the end of a sentence about `name`."""
        if self._source is None:
            return "a plan holds no locals; give --source-dir"
        if self.module(path) is None:
            return "the source of this module is not at hand"
        return f"{name} is not in the source"


def _inside(
    dynamic: Mapping[str, tuple[Dynamic, ...]], prefix: str
) -> Iterator[tuple[str, Expression]]:
    for name, blocks in dynamic.items():
        for block in blocks:
            yield f"{prefix}{name}.for_each", block.for_each
            for inner, expression in block.attributes.items():
                yield f"{prefix}{name}[*].{inner}", expression
            yield from _inside(block.dynamic, f"{prefix}{name}[*].")


def _member(value: Expression) -> Member:
    constant = Known(value.literal) if isinstance(value.literal, str) else ABSENT
    return Member(read_source(value), constant)
