"""Saved plans for tests: real ones that Terraform writes, and archives made by hand."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from policyscan.planner import Inputs, Request
from policyscan.planner.offline import _PLAN, _initialised

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NOTHING = Inputs()


def save_plan(
    configuration: Path,
    target: Path,
    inputs: Inputs = NOTHING,
    *,
    after: Sequence[Inputs] = (),
    destroy: bool = False,
) -> bytes:
    """Have Terraform save a plan as `target`; returns the plan's JSON in normal form."""
    with _initialised(configuration, Request(inputs, destroy=destroy)) as (run, _):
        for each in after:
            run.apply(each)
        outcome = run.plan()
        shutil.copyfile(run._sandbox.root_module / _PLAN, target)  # noqa: SLF001 - what is tested
    return outcome.plan_json


def zipped(members: Mapping[str, str | bytes], *, first: str = "tfplan") -> bytes:
    """An archive as Terraform writes one: `first`, the members in order."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(first, b"protobuf")
        for name, text in members.items():
            archive.writestr(name, text)
    return content.getvalue()


def manifest(*calls: tuple[str, str, str]) -> str:
    """`tfconfig/modules.json` of the module calls (key, source, folder)."""
    return json.dumps(
        [{"Key": key, "Source": source, "Dir": place} for key, source, place in calls]
    )


def rewritten(
    planfile: Path, target: Path, changes: Mapping[str, bytes | tuple[bytes, bytes]]
) -> Path:
    """A saved plan with some members, or a text in them, replaced; a name may end in `*`."""
    with zipfile.ZipFile(planfile) as archive:
        members = {each.filename: archive.read(each) for each in archive.infolist()}
    for pattern, change in changes.items():
        for name, content in members.items():
            if fnmatchcase(name, pattern):
                members[name] = change if isinstance(change, bytes) else content.replace(*change)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target


def member(planfile: Path, name: str) -> Any:
    """A JSON member of a saved plan."""
    with zipfile.ZipFile(planfile) as archive:
        return json.loads(archive.read(name))
