"""What a command is given to read: plans, by name or pattern, and the source they were made of."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from policyscan.cli.planning import PLANNED_AS_IS, Planning
from policyscan.errors import ConfigError, PlanError, PlannerError, PolicyscanError
from policyscan.graph import ResourceGraph
from policyscan.graph.dot import read_dot
from policyscan.patterns import is_pattern, matches
from policyscan.plan import Plan, read_plan
from policyscan.plan.decode import plain_json, printable_name, read_bytes

if TYPE_CHECKING:
    from policyscan.planner import PlanOutcome
    from policyscan.source import Source

STDIN: Final = "-"

_ARCHIVE: Final = b"PK"
_SUFFIXES: Final = (".tf", ".tf.json")
_SAVED_NAME: Final = "tfplan"


class SourceChoice(Struct, frozen=True):
    """Where the source is taken from: the flags of these names, else what goes with the plan.

    `no_source` wins over all. With none of them a saved plan brings its own source, and plan JSON
    is taken to have been made of the `.tf` files beside it. `graph` is a file `terraform graph`
    printed, which tells what waits for what where there is no source.
    """

    source_dir: str | None = None
    planfile: str | None = None
    no_source: bool = False
    graph: str | None = None

    def check(self, plans: int) -> None:
        """Raises ConfigError: flags that contradict each other, or the number of plans.

        Raises PolicyscanError: the folder is none, or holds no source.
        """
        if self.graph is not None and plans > 1:
            raise ConfigError("--graph is that of one plan; judge the others in runs of their own")
        if self.no_source:
            return
        if self.source_dir is not None and self.planfile is not None:
            raise ConfigError("--source-dir and --planfile: both give the source; leave one out")
        if self.planfile is not None and plans > 1:
            raise ConfigError(
                "--planfile is the source of one plan; judge the others in runs of their own"
            )
        if self.source_dir is None:
            return
        shown = printable_name(self.source_dir)
        if not os.path.isdir(self.source_dir):  # noqa: PTH112 - never raises
            raise PolicyscanError(f"--source-dir {shown}: no such folder")
        if os.access(self.source_dir, os.R_OK) and not _holds_source(Path(self.source_dir)):
            raise PolicyscanError(f"--source-dir {shown}: no .tf file in it")


class Input(Struct, frozen=True):
    """A plan, called `name` as on the command line, and its source where that is at hand.

    `planning` says how the source may be evaluated again.
    The files of the source may lie in a private folder that is gone once the input is closed.
    """

    name: str
    plan: Plan
    source: Source | None
    drawn: tuple[tuple[str, str], ...] = ()
    planning: Planning = PLANNED_AS_IS

    def graph(self, plan: Plan | None = None) -> ResourceGraph:
        """The graph of the plan, or of what a replay made of it."""
        return ResourceGraph(plan or self.plan, self.source, self.drawn)

    def in_their_words(self, message: str) -> str:
        """A message about the source folder, the private one called what the user calls it."""
        if self.source is None or not self.source.named:
            return message
        folder, named = str(self.source.directory), self.source.named
        return message.replace(f"{folder}/", named).replace(folder, named.removesuffix(":"))


def expand(arguments: Iterable[str]) -> tuple[str, ...]:
    """The plans that arguments mean, in their order, each once; those of a pattern are sorted.

    A pattern that matches no file stays as it is, for `open_input` to refuse. Patterns are those
    of a shell, `**` included; what starts with a dot, and folders behind links, are left out.
    """
    found: dict[str, str] = {}
    for argument in arguments:
        for name in (matches(argument) or (argument,)) if is_pattern(argument) else (argument,):
            found.setdefault(_identity(name), name)
    return tuple(found.values())


def _identity(name: str) -> str:
    try:
        return name if name == STDIN else os.path.realpath(name)
    except ValueError:
        return name


@contextmanager
def open_input(
    name: str,
    choice: SourceChoice,
    planning: Planning = PLANNED_AS_IS,
    at_hand: Callable[[Path | bytes], None] | None = None,
) -> Iterator[Input]:
    """Read a plan, and the source it was made of.

    A saved plan is shown by Terraform, and brings its source; a folder of `.tf` is planned offline,
    as `planning` says, and is its source. What has to be unpacked lies in a private folder until
    the context is left. `at_hand` is given the plan's JSON before it is read: a file, or bytes.
    Raises PlanError, SourceError or PlannerError: this plan cannot be read, whatever of the others.
    """
    if is_pattern(name):
        raise PlanError(f"{printable_name(name)}: matches no file; check the pattern")
    planned = _planned(name, planning) if _is_folder(name) else None
    content = planned.labelled if planned else read_bytes(name)
    with ExitStack() as opened:
        own: Path | None = None
        if content.startswith(_ARCHIVE):
            own = _saved_plan(name, content, opened)
        if own is not None:
            from policyscan.planner.show import show_plan  # noqa: PLC0415 - few plans are saved

            content = show_plan(own, named=_shown(name), terraform=planning.terraform)
        if at_hand is not None:
            plain = plain_json(content, name)
            is_file = own is None and plain is content and _is_whole_file(name, len(content))
            at_hand(Path(name) if is_file else plain)
        plan = read_plan(content, name)
        del content
        modules = planned.modules if planned else None
        source = _source(name, own, choice, opened, modules)
        yield Input(name, plan, source, _drawn(choice.graph), planning)


def _is_folder(name: str) -> bool:
    return name != STDIN and os.path.isdir(name)  # noqa: PTH112 - never raises


def _planned(folder: str, planning: Planning) -> PlanOutcome:
    """The plan of a folder, made offline; it says itself what had to be made up for it."""
    from policyscan.planner import make_plan  # noqa: PLC0415 - needs grpc, scans do not

    try:
        return make_plan(Path(folder), planning.request())
    except PermissionError as problem:
        raise PlannerError(f"{folder}: cannot be read: {problem.strerror}") from None


def _is_whole_file(name: str, size: int) -> bool:
    """Whether a file holds just so many bytes: those that were read of it, not packed."""
    return name != STDIN and Path(name).is_file() and Path(name).stat().st_size == size


def _drawn(file: str | None) -> tuple[tuple[str, str], ...]:
    if file is None:
        return ()
    text = read_bytes(file).decode(errors="replace")
    if "digraph" not in text:
        raise PlanError(f"--graph {printable_name(file)}: not what `terraform graph` prints")
    return read_dot(text)


def _shown(name: str) -> str:
    return "standard input" if name == STDIN else name


def _saved_plan(name: str, content: bytes, opened: ExitStack) -> Path | None:
    """The file of a saved plan, None when it is another archive."""
    from policyscan.plan.planfile import is_planfile  # noqa: PLC0415 - few plans are saved

    if not is_planfile(content):
        return None
    if name != STDIN and Path(name).is_file() and content.startswith(_first_bytes(name)):
        return Path(name)
    # Terraform reads files alone: not pipes, nor what was packed.
    copy = _private_folder(opened) / _SAVED_NAME
    copy.write_bytes(content)
    return copy


def _first_bytes(name: str) -> bytes:
    with Path(name).open("rb") as stream:
        return stream.read(len(_ARCHIVE))


def _private_folder(opened: ExitStack) -> Path:
    from policyscan.scratch import private_folder  # noqa: PLC0415 - few scans unpack anything

    return opened.enter_context(private_folder())


def _source(
    name: str,
    own: Path | None,
    choice: SourceChoice,
    opened: ExitStack,
    modules: Mapping[str, Path] | None,
) -> Source | None:
    """The source given, else that of the saved plan, else the one beside the plan.

    `modules` is where a folder's plan found those that Terraform would download.
    Reading it is worth its time, and its imports, only where there is one.
    """
    if choice.no_source:
        return None
    if choice.source_dir is not None:
        from policyscan.source import read_source  # noqa: PLC0415

        return read_source(Path(choice.source_dir))
    if choice.planfile is not None:
        return _snapshot(Path(choice.planfile), choice.planfile, opened)
    if own is not None:
        return _snapshot(own, _SAVED_NAME if name == STDIN else name, opened)
    folder = Path(name) if _is_folder(name) else Path(name).parent
    if name == STDIN or not _holds_source(folder):
        return None
    from policyscan.source import read_source  # noqa: PLC0415

    return read_source(folder, installed=modules)


def _snapshot(planfile: Path, named: str, opened: ExitStack) -> Source:
    from policyscan.source import read_source  # noqa: PLC0415
    from policyscan.source.snapshot import extract_snapshot  # noqa: PLC0415

    folder = _private_folder(opened)
    root = extract_snapshot(planfile, folder, named=named)
    return read_source(root, named=f"{named}:", within=folder)


def _holds_source(folder: Path) -> bool:
    try:
        files = list(folder.iterdir())
    except OSError:
        return False
    return any(
        each.name.endswith(_SUFFIXES) and not each.name.startswith(".") and each.is_file()
        for each in files
    )
