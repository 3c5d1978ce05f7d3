"""A saved plan -> its JSON, by `terraform show -json`, which asks providers for their schemas.

The user's own providers answer where they are installed, else the offline ones.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from policyscan.errors import PlannerError
from policyscan.plan.decode import LARGEST_INPUT, printable_name
from policyscan.plan.planfile import read_members
from policyscan.planner.children import children
from policyscan.planner.data_sources import Known
from policyscan.planner.request import TERRAFORM
from policyscan.planner.server import serve
from policyscan.planner.strategy import Unknown
from policyscan.planner.terraform import environment, executable
from policyscan.planner.vendors import load_vendors
from policyscan.scratch import private_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policyscan.planner.children import Children

PATIENCE_SECONDS: Final = 60.0
"""For everything together; showing a plan of 100 MB takes a tenth of it."""

_CHUNK: Final = 2**20
_COMPLAINT: Final = 2**16
_WORD: Final = re.compile(rb'["/]([a-z][a-z0-9_]*)"')
_FRAME: Final = re.compile(r"[│╷╵]")


class _RefusedError(Exception):
    """Why Terraform did not show the plan, on one line."""


class _Asked(Struct, frozen=True):
    """A saved plan to be shown by a command, before a time of the monotonic clock."""

    plan: Path
    command: str
    deadline: float


def show_plan(
    path: Path,
    *,
    named: str | None = None,
    patience: float = PATIENCE_SECONDS,
    terraform: str = TERRAFORM,
) -> bytes:
    """What `terraform show -json` prints for the saved plan `path`.

    Providers installed beside the plan, or in the working directory, are asked first, as that
    command would; else the offline ones, in a private folder. `named` is how messages call the
    plan. `patience` is seconds.
    Raises PlanError: the file is damaged or hostile; Terraform has not seen it then. Raises
    PlannerError: Terraform is missing, refuses, or takes too long.
    """
    shown = printable_name(named or str(path))
    types, versions = _mentioned(path, named)
    try:
        executable(terraform)
    except PlannerError as error:
        raise PlannerError(f"{shown}: {error}") from None
    asked = _Asked(path.absolute(), terraform, time.monotonic() + patience)
    refusals: list[_RefusedError] = []
    for folder in _initialised(asked.plan.parent, Path.cwd()):
        try:
            return _show_by_own(asked, folder)
        except _RefusedError as refusal:
            refusals.append(refusal)
    try:
        return _show_offline(asked, types, versions)
    except _RefusedError as refusal:
        refusals.append(refusal)
    reason = str(refusals[0]).replace(str(asked.plan), shown)
    raise PlannerError(
        f"{shown}: terraform cannot show this plan here: {reason}; run `terraform show -json FILE "
        "> plan.json` on it where it was made, give plan.json"
    )


def _mentioned(path: Path, named: str | None) -> tuple[frozenset[str], Mapping[str, int]]:
    """Types and providers a plan may hold, and the schema versions of its state."""
    types: set[str] = set()
    versions: dict[str, int] = {}
    for name, content in read_members(path, named=named):
        types.update(each.decode() for each in _WORD.findall(content))
        if name == "tfstate":
            versions = dict(_schema_versions(content))
    return frozenset(types), versions


def _schema_versions(state: bytes) -> Iterator[tuple[str, int]]:
    try:
        resources: list[dict[str, Any]] = json.loads(state).get("resources") or []
        for resource in resources:
            for instance in resource["instances"]:
                if resource["mode"] == "managed":
                    yield str(resource["type"]), int(instance["schema_version"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        # Terraform will say better what is wrong with it.
        return


def _initialised(*folders: Path) -> Iterator[Path]:
    place = os.environ.get("TF_DATA_DIR") or ".terraform"
    for folder in dict.fromkeys(folders):
        if (folder / place / "providers").is_dir():
            yield folder


def _own_environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TF_LOG")}
    return {**kept, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}


def _show_offline(asked: _Asked, types: frozenset[str], versions: Mapping[str, int]) -> bytes:
    with private_folder() as folder, children() as started:
        providers = [vendor.provider(Unknown(), Known(), folder) for vendor in load_vendors(types)]
        with serve(providers, started.group, versions) as reattach:
            return _show(asked, folder, environment(folder, reattach), started)


def _show_by_own(asked: _Asked, folder: Path) -> bytes:
    """Have the providers installed in a folder say what they know of the plan."""
    with private_folder() as scratch, children() as started:
        # Where Terraform and its providers meet.
        return _show(asked, folder, {**_own_environment(), "TMPDIR": str(scratch)}, started)


def _show(asked: _Asked, folder: Path, variables: Mapping[str, str], started: Children) -> bytes:
    """Raises _RefusedError: Terraform failed, took too long or said too much."""
    try:
        return _output(asked, folder, variables, started)
    except OSError as error:
        raise _RefusedError(f"it cannot be run ({error.strerror})") from None


def _output(asked: _Asked, folder: Path, variables: Mapping[str, str], started: Children) -> bytes:
    with (
        tempfile.TemporaryFile() as complaint,
        started.start(
            [executable(asked.command), "show", "-json", "-no-color", str(asked.plan)],
            cwd=folder,
            env=dict(variables),
            stderr=complaint,
        ) as process,
    ):
        timer = threading.Timer(max(asked.deadline - time.monotonic(), 0.0), started.end)
        timer.start()
        try:
            content = _read(process)
            code = process.wait()
        finally:
            timer.cancel()
        if code != 0 and time.monotonic() >= asked.deadline:
            raise _RefusedError("it takes too long")
        if code != 0:
            raise _RefusedError(_summary(complaint, folder))
    return content


def _read(process: subprocess.Popen[bytes]) -> bytes:
    chunks = []
    length = 0
    while process.stdout and (chunk := process.stdout.read(_CHUNK)):
        length += len(chunk)
        if length > LARGEST_INPUT:
            raise _RefusedError(f"its JSON is more than {LARGEST_INPUT} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


def _summary(complaint: Any, folder: Path) -> str:
    """Terraform's first error on one line."""
    size = complaint.seek(0, 2)
    complaint.seek(max(size - _COMPLAINT, 0))
    text = " ".join(_FRAME.sub(" ", complaint.read().decode(errors="replace")).split())
    first = text.partition("Error: ")[2] or text or "it says nothing"
    return first.partition(" Error: ")[0].replace(str(folder), ".").rstrip(".")
