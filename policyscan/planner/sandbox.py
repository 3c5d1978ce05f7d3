"""A private copy of a configuration, free of backends, locks and state.

Everything the configuration names by a relative path outside its folder comes along, at the same
place relative to it, so that `../modules/vpc` still means what it meant.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from policyscan.errors import PlannerError
from policyscan.planner.modules import install_modules, stores
from policyscan.planner.refusal import Place
from policyscan.planner.request import JUST_PLAN
from policyscan.planner.workspace import SELECTION, checked, written_selection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from policyscan.planner.request import Request

_WORD = re.compile(r"[A-Za-z]\w*")
_OUTSIDE = re.compile(r'"(?:\$\{path\.(?:module|root)\}/)?(\.\.?/[^"$*?{}\n]*)"')
_SKIPPED = (".git", ".terraform", ".terraform.lock.hcl", ".venv", "node_modules")
_DEPENDS_ON = re.compile(r'(\bdepends_on"?[ \t]*[=:][ \t]*)\[(?:[^\[\]]|\[[^\[\]]*\])*\]')
_RESOURCE = re.compile(r'^[ \t]*resource[ \t]+"(\w+)"[ \t]+"([\w-]+)"', re.MULTILINE)
_DATA = re.compile(
    r'^([ \t]*)data[ \t]+"\w+"[ \t]+"[\w-]+"[ \t]*\{'
    r"(?:[ \t]*(?:(?:#|//)[^\n]*)?\r?\n.*?^\1\}|[^\n]*\}[ \t]*\r?$)",
    re.MULTILINE | re.DOTALL,
)
_IMPORT = re.compile(r'^[ \t]*import[ \t]*\{|"import"\s*:', re.MULTILINE)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_DETOURS = "policyscan_detours.tf"
_DETOUR = re.compile(rb"\blocal\.policyscan-(\w+)-([\w-]+)")
_CONDITION = re.compile(
    r"\b(?:validation|precondition|postcondition|assert)[ \t]*\{"
    r"(?:[^{}]|\$\{[^{}]*\})*?\bcondition[ \t]*=(?!=)"
    r'|"(?:validation|precondition|postcondition|assert)"\s*:\s*\[?\s*\{'
    r'(?:[^{}]|\$\{[^{}]*\})*?"condition"\s*:\s*"\$\{'
)
_HOLDS = " true ? true : "
"""Before an expression: whatever it is worth, and even if it cannot be worked out."""
_STATE = (".tfstate", ".tfstate.backup", ".tfplan")
# Overrides are merged in the order of their names: this one has the last word.
OVERRIDE = "zzz_policyscan_override.tf"
_LOCAL_BACKEND = 'terraform {\n  backend "local" {}\n}\n'


class Sandbox(Struct, frozen=True):
    """A copied configuration: `top` holds everything, `root_module` is inside it.

    `modules` tells by its key where each module was found that Terraform would download.
    """

    top: Path
    root_module: Path
    modules: Mapping[str, Path] = field(default_factory=dict)

    @property
    def state(self) -> Path:
        """Where the local backend keeps the simulated state of the selected workspace."""
        workspace = written_selection(self.root_module)
        folder = Path("terraform.tfstate.d", workspace) if workspace else Path()
        return self.root_module / folder / "terraform.tfstate"

    def select_workspace(self, name: str) -> None:
        """Select a workspace, "" or `default` for the one that is always there.

        Only after init, or init would ask whether to move the states.
        Raises PlannerError: no workspace can have this name.
        """
        if checked(name):
            selection = self.root_module / SELECTION
            selection.parent.mkdir(exist_ok=True)
            selection.write_text(name)
            self.state.parent.mkdir(parents=True, exist_ok=True)

    def mentioned_types(self) -> frozenset[str]:
        """Every word of the configuration, its installed modules and its state.

        The types are among them, and the names of the providers.
        """
        state = (self.state,) if self.state.is_file() else ()
        return frozenset(word for text in self.texts(*state) for word in _WORD.findall(text))

    def texts(self, *others: Path) -> Iterator[str]:
        """What the files of the configuration and its installed modules hold, and other files."""
        for file in (*self.files(), *others):
            yield file.read_text(encoding="utf-8", errors="replace")

    def holds_imports(self) -> bool:
        """Whether the root module, the only place for them, may have `import` blocks."""
        return any(
            _IMPORT.search(file.read_text(encoding="utf-8", errors="replace"))
            for file in _configuration_files(self.root_module, deep=False)
        )

    def files(self) -> Iterator[Path]:
        """Every file of configuration, the root module's and others."""
        return _configuration_files(self.top, hidden=True)

    def folders(self) -> tuple[Path, ...]:
        """Every folder that holds configuration, the root module's and others."""
        return tuple(sorted({file.parent for file in self.files()}))

    def read_data_early(self) -> None:
        """Have data sources read while planning, whatever they are said to wait for.

        Order alone changes no value, but a data source that waits gives none. One that names a
        resource which is yet to change waits for it, unless it is named through a local value.
        """
        self._rewrite(_DEPENDS_ON, lambda match: match[1] + "[]" + "\n" * match[0].count("\n"))
        for folder in self.folders():
            _take_detours(folder)

    def hold_conditions(self) -> None:
        """Have every condition hold (validations, pre- and postconditions, checks).

        They judge real values, and change none.
        """
        self._rewrite(_CONDITION, lambda match: match[0] + _HOLDS)

    def _rewrite(self, pattern: re.Pattern[str], change: Callable[[re.Match[str]], str]) -> None:
        """Change the configuration wherever a pattern matches, byte for byte the same elsewhere."""
        for file in self.files():
            text = file.read_bytes().decode(errors="surrogateescape")
            changed = pattern.sub(change, text)
            if changed != text:
                file.write_bytes(changed.encode(errors="surrogateescape"))


def _take_detours(folder: Path) -> None:
    """Have the data sources of a module name its resources through local values."""
    files = [each for each in sorted(folder.glob("*.tf")) if each.is_file()]
    texts = {each: each.read_bytes().decode(errors="surrogateescape") for each in files}
    resources = {
        f"{kind}.{name}"
        for text in texts.values()
        for kind, name in _RESOURCE.findall(_COMMENT.sub("", text))
    }
    if not resources:
        return
    names = "|".join(sorted(map(re.escape, resources), key=lambda each: (-len(each), each)))
    reference = re.compile(rf"(?<![\w.-])({names})(?![\w-])")
    taken: set[str] = set()

    def detour(named: re.Match[str]) -> str:
        taken.add(named[1])
        return f"local.{_detour(named[1])}"

    for file, text in texts.items():
        changed = _DATA.sub(lambda block: reference.sub(detour, block[0]), text)
        if changed != text:
            file.write_bytes(changed.encode(errors="surrogateescape"))
    if taken:
        detours = "".join(f"  {_detour(name)} = {name}\n" for name in sorted(taken))
        (folder / _DETOURS).write_text(f"locals {{\n{detours}}}\n")


def _detour(name: str) -> str:
    """The name of the local value for `aws_x.y`, which `as_written` undoes."""
    return "policyscan-" + name.replace(".", "-", 1)


def as_written(shown: bytes) -> bytes:
    """A plan's JSON that names resources as they were before `read_data_early`."""
    return _DETOUR.sub(rb"\1.\2", shown)


def copy_configuration(
    directory: Path,
    top: Path,
    within: Path | None = None,
    *,
    request: Request = JUST_PLAN,
    home: Path | None = None,
) -> Sandbox:
    """Copy the root module in `directory`, and what it needs, below `top`.

    Modules that `terraform init` would download are taken from what it left in the root module,
    else from a cache, both as `request` names them. `home` is the user's root module, where
    `directory` is a copy of it: messages name it, and init left modules there.
    Nothing outside of the folder `within` is copied, where it is given.
    Raises PlannerError: there is no configuration in `directory`, or a file cannot be read.
    """
    root = directory.resolve()
    if not root.is_dir():
        raise PlannerError(f"{directory}: not a folder; name the folder of the root module")
    try:
        if not _is_module(root):
            raise PlannerError(
                f"{directory}: holds no .tf or .tf.json file; name the root module's folder"
            )
        sources = sorted(_needed(root, within.resolve() if within else None))
        common = Path(*_common_parts(sources))
        sandbox = Sandbox(top=top, root_module=top / root.relative_to(common))
        for source in sources:
            _copy(source, top / source.relative_to(common))
        home = home or directory
        known = stores(home.resolve(), request.data_folder, request.module_cache, within)
        sandbox = replace(sandbox, modules=install_modules(Place(sandbox.root_module, home), known))
    except shutil.Error as error:
        # Its arguments are one list of (source, target, why).
        file, _, why = error.args[0][0]
        raise PlannerError(f"{file}: cannot be read: {_reason(why)}") from error
    except OSError as error:
        file = error.filename or directory
        raise PlannerError(f"{file}: cannot be read: {_reason(error)}") from error
    (sandbox.root_module / OVERRIDE).write_text(_LOCAL_BACKEND)
    return sandbox


def _reason(error: object) -> str:
    """Why the system refused, without its number and the name of the file."""
    told = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return re.sub(r"^\[Errno \d+\] |: '.*'$", "", told)


def _needed(root: Path, within: Path | None) -> set[Path]:
    """The root module, and every existing path outside what is already needed, again and again."""
    needed = {root}
    waiting = [root]
    while waiting:
        for file in _configuration_files(waiting.pop()):
            for written in _OUTSIDE.findall(file.read_text(encoding="utf-8", errors="replace")):
                path = _named(file.parent, root, written)
                if path is None or any(path.is_relative_to(known) for known in needed):
                    continue
                if within is not None and not path.is_relative_to(within):
                    continue
                needed = {known for known in needed if not known.is_relative_to(path)} | {path}
                waiting.append(path)
    return needed


def _named(module: Path, root: Path, written: str) -> Path | None:
    """Where a relative path leads: from the module (sources) or the root module (file paths)."""
    for base in (module, root):
        path = (base / written).resolve()
        # What holds the root module may be half of the disk, unless it is a module itself, as
        # where an example calls the module that it is an example of.
        if path.exists() and (not root.is_relative_to(path) or _is_module(path)):
            return path
    return None


def _is_module(path: Path) -> bool:
    return any(_configuration_files(path, deep=False))


def _configuration_files(place: Path, *, deep: bool = True, hidden: bool = False) -> Iterator[Path]:
    if place.is_file():
        return
    for path in sorted(place.iterdir()):
        if path.is_file() and path.name.endswith((".tf", ".tf.json")):
            yield path
        elif deep and path.is_dir() and (hidden or path.name not in _SKIPPED):
            yield from _configuration_files(path, hidden=hidden)


def _common_parts(paths: Iterable[Path]) -> Iterator[str]:
    for parts in zip(*(path.parts for path in paths), strict=False):
        if len(set(parts)) > 1:
            return
        yield parts[0]


def _copy(source: Path, target: Path) -> None:
    if source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        return
    shutil.copytree(
        source, target, ignore=_ignored, copy_function=shutil.copyfile, dirs_exist_ok=True
    )
    # The copy of a folder that is only to be read is to be worked in all the same.
    for folder, _, _ in os.walk(target):
        Path(folder).chmod(stat.S_IRWXU)


def _ignored(folder: str, names: list[str]) -> set[str]:
    """What stays behind; links are followed, so those that lead nowhere stay too."""
    return {
        name
        for name in names
        if name in _SKIPPED or name.endswith(_STATE) or not Path(folder, name).exists()
    }
