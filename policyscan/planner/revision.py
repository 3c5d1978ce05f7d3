"""A folder as it stood at another git revision, taken out of the repository's objects alone.

Nothing of git runs that a repository could bring along: blobs are read as they are stored, so no
hook, no filter (Git LFS keeps its pointers), no attribute and no line ending is applied, nothing is
fetched, and the repository is not written to. Submodules are left out.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from policyscan.errors import PlannerError
from policyscan.planner.git import ask_git

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Mapping, Sequence

    from policyscan.planner.request import Inputs

_FILE, _LINK = ("100644", "100755"), "120000"
_AT_A_TIME = 500
"""Blobs in memory at once."""
_SUBMODULE = "160000"
_SKIPPED = frozenset({".git", ".terraform"})
_NAMES_A_REMOTE = re.compile(r"(?:refs/remotes/)?(?P<remote>[\w.-]+)/(?P<branch>[\w./-]+)")
_UNDECLARED = re.compile(r'variable named "([^"]+)" was assigned on the command line')
_HASH = re.compile(r"[0-9a-f]{40,64}")


class _Entry(Struct, frozen=True):
    mode: str
    object: str
    path: PurePosixPath


class Revision(Struct, frozen=True):
    """A commit of the repository that holds a folder: `inside` is where, below its top."""

    name: str
    commit: str
    top: Path
    inside: Path

    def check_out(self, target: Path) -> Path | None:
        """Write the commit's files below `target`; the folder in it, None if it held no `.tf` yet.

        Raises PlannerError: git cannot read them, or they cannot be written.
        """
        entries = [each for each in self._entries() if not _SKIPPED & set(each.path.parts)]
        target.mkdir()
        try:
            for entry, content in self._contents([e for e in entries if e.mode in _FILE]):
                file = _below(target, entry.path)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
            # Links come last, so that nothing is written through one.
            for entry, content in self._contents([e for e in entries if e.mode == _LINK]):
                _link(target, entry.path, os.fsdecode(content))
        except OSError as error:
            raise PlannerError(
                f"--since {self.name}: cannot be taken out of git: {error.strerror or error}"
            ) from None
        folder = target / self.inside
        is_there = any(each.name.endswith((".tf", ".tf.json")) for each in _listed(folder))
        return folder if is_there else None

    def inputs(self, target: Path, inputs: Inputs) -> Inputs:
        """The same variables, with the files of then where `check_out` wrote them to `target`."""
        files = tuple(self._then(target, each) for each in inputs.variable_files)
        return replace(inputs, variable_files=files)

    def _then(self, target: Path, now: Path) -> Path:
        if (place := now.resolve()).is_relative_to(self.top):
            then = target / place.relative_to(self.top)
            return then if then.is_file() else now
        return now

    @contextmanager
    def blamed(self) -> Iterator[None]:
        """Say of errors that they are of this revision, and not of the files as they are."""
        try:
            yield
        except PlannerError as error:
            left_out = [str(each.path) for each in self._entries() if each.mode == _SUBMODULE]
            besides = f" (submodules are left out: {', '.join(left_out)})" if left_out else ""
            raise PlannerError(f"--since {self.name}: as of then, {error}{besides}") from None

    def _entries(self) -> Iterator[_Entry]:
        listed = _git(self.top, "ls-tree", "-r", "-z", "--full-tree", self.commit)
        for line in os.fsdecode(listed.stdout).split("\0")[:-1]:
            (mode, _, name), path = line.partition("\t")[0].split(" "), line.partition("\t")[2]
            yield _Entry(mode, name, PurePosixPath(path))

    def _contents(self, entries: Sequence[_Entry]) -> Iterator[tuple[_Entry, bytes]]:
        """The content of each."""
        for begin in range(0, len(entries), _AT_A_TIME):
            yield from self._few_contents(entries[begin : begin + _AT_A_TIME])

    def _few_contents(self, entries: Sequence[_Entry]) -> Iterator[tuple[_Entry, bytes]]:
        """Source: git-cat-file(1), batch output."""
        asked = "".join(f"{each.object}\n" for each in entries).encode()
        printed = _git(self.top, "cat-file", "--batch", asked=asked).stdout
        position = 0
        for entry in entries:
            end = printed.find(b"\n", position)
            found = printed[position:end].split(b" ")
            if end < 0 or len(found) != 3:  # noqa: PLR2004 - name, type, size
                raise PlannerError(
                    f"--since {self.name}: {entry.path} is not in this clone; clone it without "
                    "--filter, or fetch the revision whole"
                )
            start, position = end + 1, end + 1 + int(found[2]) + 1
            yield entry, printed[start : position - 1]


def undeclared(diagnostics: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """The variables on the command line of which Terraform says that there are none."""
    found = (_UNDECLARED.search(each.get("detail", "")) for each in diagnostics)
    return frozenset(each[1] for each in found if each)


def without(names: frozenset[str], inputs: Inputs) -> Inputs:
    """The variables but for some, which came later than the revision."""
    kept = {name: value for name, value in inputs.variables.items() if name not in names}
    return replace(inputs, variables=kept)


def find_revision(folder: Path, name: str) -> Revision:
    """The commit that `name` is in the repository of `folder`.

    Raises PlannerError: git is missing, there is no repository around it, or no such revision.
    """
    root = folder.resolve()
    found = _git(root, "rev-parse", "--show-toplevel", may_fail=True)
    if found.returncode != 0:
        raise PlannerError(f"--since {name}: {_no_repository(folder, found.stderr)}")
    top = Path(os.fsdecode(found.stdout).rstrip("\n")).resolve()
    commit = _commit(root, name)
    if not _HASH.fullmatch(commit):
        raise PlannerError(f"--since {name}: no such revision in the repository; {_remedy(name)}")
    return Revision(name, commit, top, root.relative_to(top))


def _listed(folder: Path) -> Iterator[Path]:
    return folder.iterdir() if folder.is_dir() else iter(())


def _commit(folder: Path, name: str) -> str:
    """The hash of a commit, or what git says instead; of `A...B` the one where they parted."""
    if name.startswith("-"):
        return ""
    one, parted, other = name.partition("...")
    asked = (
        ("merge-base", "--end-of-options", one or "HEAD", other or "HEAD")
        if parted
        else ("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    )
    return _git(folder, *asked, may_fail=True).stdout.decode(errors="replace").strip()


def _no_repository(folder: Path, complaint: bytes) -> str:
    text = " ".join(complaint.decode(errors="replace").split())
    if "dubious ownership" in text:
        return (
            f"git does not trust the repository of {folder}, which is another user's; "
            "run `git config --global --add safe.directory FOLDER` for it"
        )
    return f"{folder} is in no git repository"


def _remedy(name: str) -> str:
    match = _NAMES_A_REMOTE.fullmatch(name)
    fetched = f"git fetch {match['remote']} {match['branch'].rstrip('.')}" if match else "git fetch"
    return f"a shallow clone may lack it: `{fetched}`, or check out with fetch-depth: 0"


def _git(
    folder: Path, *arguments: str, asked: bytes = b"", may_fail: bool = False
) -> subprocess.CompletedProcess[bytes]:
    if (done := ask_git(folder, *arguments, asked=asked)) is None:
        raise PlannerError("--since: git is not on PATH; install it, or give the state by --state")
    if done.returncode != 0 and not may_fail:
        text = " ".join(done.stderr.decode(errors="replace").split())
        raise PlannerError(f"--since: git {arguments[0]} failed: {text}")
    return done


def _below(target: Path, path: PurePosixPath) -> Path:
    if path.is_absolute() or ".." in path.parts:
        raise PlannerError(f"--since: the revision holds {path}, which leads out of it")
    return target / path


def _link(target: Path, path: PurePosixPath, to: str) -> None:
    """A link that stays within what is checked out; any other is left out."""
    link = _below(target, path)
    if (link.parent / to).resolve().is_relative_to(target.resolve()) and not link.exists():
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(to)
