"""A folder -> the root module and every module it calls whose source is at hand."""

from __future__ import annotations

import json
import os.path
import re
from collections import deque
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from policyscan.errors import SourceError
from policyscan.plan.decode import printable_name
from policyscan.source.folder import Folder, read_folder, source_files
from policyscan.source.model import Source, SourceModule
from policyscan.source.text import error_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policyscan.source.model import ModulePath


MOST_MODULES: Final = 20_000
"""Module calls. Terraform itself is slow at a tenth; modules that call each other twice double."""

_LARGEST_LIST: Final = 16 * 2**20


def read_source(
    directory: Path,
    *,
    named: str = "",
    within: Path | None = None,
    installed: Mapping[str, Path] | None = None,
) -> Source:
    """Split a folder of Terraform source, and of the modules it calls, into blocks.

    Child modules are found by their relative `source`, else in `installed`, by keys such as
    `network.vpc`, and where that is not given in `.terraform/modules/modules.json`; one found
    neither way is named in `Source.unreadable`. What stands inside the blocks, and the locals, are
    read on first look, and raise SourceError then. `named` is what stands before its files in
    messages and reports, in place of `directory`: `tfplan:`. Nothing outside of the folder `within`
    is read, where it is given.
    Raises SourceError: one line `infra/ecs.tf:12: ...`; no folder, no source, a file that does
    not split into blocks, a declaration twice, a module that calls itself, more than MOST_MODULES.
    """
    shown = named or str(directory)
    if not any(source_files(directory, shown)):
        name = printable_name(shown)
        raise SourceError(f"{name}: holds no .tf files; give the folder of the root module")
    if installed is None:
        listed = _installed(directory)
    else:
        listed = {tuple(key.split(".")): _real(place) for key, place in installed.items()}
    bounds = None if within is None else _real(within)
    folder = cache(lambda place: read_folder(directory, place, named))
    modules: dict[ModulePath, SourceModule] = {}
    unreadable: list[str] = []
    todo: deque[tuple[ModulePath, tuple[Path, ...]]] = deque([((), (_real(directory),))])
    while todo:
        path, places = todo.popleft()
        content: Folder = folder(places[-1])
        modules[path] = SourceModule(path, content.locals, content.blocks, content.comments)
        for name, source in content.sources.items():
            called = (*path, name)
            place = _place(places[-1], source, listed.get(called), bounds)
            if place is None or not os.path.isdir(place):  # noqa: PTH112 - never raises
                unreadable.append(_note(called, source))
            elif place in places:
                span = content.blocks[f"module.{name}"].span
                message = f"module.{name} calls a module that it is part of"
                raise error_at(shown, span, f"{message}; give it another source")
            else:
                todo.append((called, (*places, place)))
        if len(modules) + len(todo) > MOST_MODULES:
            name = printable_name(shown)
            raise SourceError(f"{name}: calls more than {MOST_MODULES} modules; give fewer")
    return Source(
        directory,
        MappingProxyType(dict(sorted(modules.items()))),
        tuple(sorted(unreadable)),
        named,
        within,
    )


def _installed(directory: Path) -> Mapping[ModulePath, Path]:
    """Where `terraform init` has put each module; nothing when it has not run."""
    path = directory / ".terraform" / "modules" / "modules.json"
    try:
        with path.open("rb") as stream:
            listed = json.loads(stream.read(_LARGEST_LIST))["Modules"]
        return {tuple(each["Key"].split(".")): _real(directory / each["Dir"]) for each in listed}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        message = f"{printable_name(path.as_posix())}:1: is no list of modules"
        raise SourceError(f"{message}; write it anew with `terraform init`") from error


def _place(
    caller: Path, source: str | None, installed: Path | None, bounds: Path | None
) -> Path | None:
    place = installed
    if source is not None and _is_local(source):
        try:
            # Terraform joins the words first and follows symbolic links then.
            place = _real(os.path.normpath(caller / source))
        except ValueError:
            # No folder has a NUL or half a character in its name.
            return None
    return place if place is None or bounds is None or place.is_relative_to(bounds) else None


def _real(path: Path | str) -> Path:
    # Unlike Path.resolve, this leaves a link that goes in a circle to be found no folder.
    return Path(os.path.realpath(path))


def _is_local(source: str) -> bool:
    return source.startswith(("./", "../")) or source in {".", ".."}


def _note(called: ModulePath, source: str | None) -> str:
    address = ".".join(f"module.{name}" for name in called)
    if source is None:
        return f"{address}: its source is computed; run `terraform init` to settle it"
    # The address of a repository may carry a password.
    shown = printable_name(re.sub(r"//[^/@]*@", "//", source))
    if _is_local(source):
        return f"{address}: source {shown} is no folder; give the whole checkout"
    return f"{address}: source {shown} is not at hand; run `terraform init` to fetch it"
