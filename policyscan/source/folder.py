"""One module's folder: its files, what they declare together, and what override files change.

Source: hashicorp/terraform, internal/configs/parser_config_dir.go and module_merge.go.
"""

from __future__ import annotations

import os.path
from collections import Counter
from functools import cache, reduce
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from policyscan.errors import SourceError
from policyscan.plan.decode import printable_name
from policyscan.source.body import override
from policyscan.source.declaration import LABELS, address_of, read_file, read_inside
from policyscan.source.model import Block, Deferred, shown_path
from policyscan.source.place import Place
from policyscan.source.text import error_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policyscan.source.body import Body
    from policyscan.source.declaration import Declaration
    from policyscan.source.model import Comment, Expression

_SUFFIXES: Final = (".tf", ".tf.json")


class Folder(Struct, frozen=True):
    """What the files of one module declare; `sources` are its module calls' constant sources."""

    locals: Mapping[str, Expression]
    blocks: Mapping[str, Block]
    comments: tuple[Comment, ...]
    sources: Mapping[str, str | None]


def source_files(directory: Path, shown: str) -> tuple[list[Path], list[Path]]:
    """The files Terraform reads in a folder, and those of them that override others; sorted.

    Raises SourceError: the folder, called `shown` then, cannot be listed, or holds a link that
    leads nowhere or in a circle.
    """
    try:
        listed = sorted(filter(_is_named, directory.iterdir()), key=lambda path: path.name)
    except OSError as error:
        message = f"{printable_name(shown)}: cannot be read: {error.strerror}"
        raise SourceError(f"{message}; give the folder of the Terraform files") from error
    for path in listed:
        if not path.exists():
            raise SourceError(
                f"{printable_name(f'{shown}/{path.name}')}: a link to no file; mend or remove it"
            )
    files = [path for path in listed if path.is_file()]
    overrides = [path for path in files if _is_override(path.name)]
    return [path for path in files if path not in overrides], overrides


def _is_named(path: Path) -> bool:
    name = path.name
    # Hidden files and what editors leave behind, as Terraform ignores them.
    is_ignored = name.startswith(".") or name.endswith("~") or (name[0] == name[-1] == "#")
    return name.endswith(_SUFFIXES) and not is_ignored


def _is_override(name: str) -> bool:
    stem = name.removesuffix(".json").removesuffix(".tf")
    return stem == "override" or stem.endswith("_override")


def read_folder(root: Path, directory: Path, named: str = "") -> Folder:
    """Read a module; the insides of its blocks, and its locals, wait for a first look.

    `root` is the source folder as the user gave it, `directory` free of symbolic links. `named`
    is what stands before its files in messages, in place of `root`: `tfplan:`.
    Raises SourceError: a file cannot be split into blocks, something is declared twice, or an
    override has nothing to override.
    """
    top = Path(os.path.realpath(root))
    shown = named or str(root)
    base, overrides = source_files(directory, shown_path(shown, _relative(directory, top)))
    comments: list[Comment] = []
    declared: dict[str, list[Declaration]] = {}
    counts: Counter[str] = Counter()
    locals_: list[list[Declaration]] = [[], []]
    for path in (*base, *overrides):
        is_override = path in overrides
        declarations, said = read_file(shown, _relative(path, top), path)
        comments += said
        for each in declarations:
            if each.kind == "locals":
                locals_[is_override].append(each)
            else:
                _declare(declared, counts, each, is_override=is_override)
    blocks = {address: _block(address, parts) for address, parts in declared.items()}
    return Folder(
        locals=Deferred(lambda: {**_locals(locals_[0]), **_locals(locals_[1], once=False)}),
        blocks=MappingProxyType(blocks),
        comments=tuple(comments),
        sources={
            parts[0].labels[0]: _last_argument(parts, "source")
            for parts in declared.values()
            if parts[0].kind == "module"
        },
    )


def _relative(path: Path, top: Path) -> str:
    return PurePath(os.path.relpath(path, top)).as_posix()


def _declare(
    declared: dict[str, list[Declaration]],
    counts: Counter[str],
    each: Declaration,
    *,
    is_override: bool,
) -> None:
    wanted = LABELS.get(each.kind, 0)
    if each.kind in LABELS and len(each.labels) != wanted:
        raise _error(each, f"{each.kind} takes {wanted} label(s), found {len(each.labels)}")
    if wanted == 0:
        # Nothing names such a block, so nothing overrides it.
        name = ".".join((each.kind, *each.labels))
        declared[f"{name}[{counts[name]}]"] = [each]
        counts[name] += 1
        return
    address = address_of(each)
    before = declared.get(address)
    # A provider that is configured nowhere is configured with nothing.
    is_default_provider = each.kind == "provider" and address == f"provider.{each.labels[0]}"
    if before is None and is_override and not is_default_provider:
        raise _error(
            each, f"overrides {address}, which no other file declares; declare it or remove this"
        )
    if before is not None and not is_override:
        first = before[0].span
        raise _error(each, f"{address} is already declared at {first.file}:{first.line}; keep one")
    declared.setdefault(address, []).append(each)


def _last_argument(parts: list[Declaration], name: str) -> str | None:
    given = (part.argument(name) for part in reversed(parts))
    return next((value for value in given if value is not None), None)


def _block(address: str, parts: list[Declaration]) -> Block:
    @cache
    def body() -> Body:
        return reduce(override, map(read_inside, parts))

    span = parts[0].span
    return Block(
        address=address,
        span=span,
        attributes=Deferred(lambda: body().flat()),
        dynamic=Deferred(lambda: body().flat_dynamic()),
        place=Place(span, parts[0].head, Deferred(lambda: body().place().inside)),
        mentions=lambda word: any(part.mentions(word) for part in parts),
    )


def _locals(parts: list[Declaration], *, once: bool = True) -> dict[str, Expression]:
    found: dict[str, Expression] = {}
    for part in parts:
        for name, value in read_inside(part).attributes.items():
            if once and name in found:
                first = found[name].span
                message = f"local.{name} is already declared at {first.file}:{first.line}"
                raise error_at(part.root, value.span, f"{message}; keep one")
            found[name] = value
    return found


def _error(each: Declaration, message: str) -> SourceError:
    return error_at(each.root, each.span, message)
