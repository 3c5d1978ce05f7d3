"""Other people's states, as a plan was told of them: core reads these itself, with no provider."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from policyscan.planner.wire import type_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from policyscan.plan import Plan
    from policyscan.planner.sandbox import Sandbox

TYPE = "terraform_remote_state"
_BLOCK = re.compile(rf'^[ \t]*data[ \t]+"?{TYPE}"?[ \t]+"?([\w-]+)"?', re.MULTILINE)
_OVERRIDE = "zzz_policyscan_state_override.tf"


def answer_remote_states(plan: Plan, sandbox: Sandbox) -> None:
    """Have the source read the outputs its plan was told, in place of a backend far away.

    A block of which the plan holds different answers, or none, finds nothing.
    """
    for folder in sandbox.folders():
        is_root = folder == sandbox.root_module
        names = {name for file in sorted(folder.iterdir()) for name in named_in(file)}
        if names:
            blocks = [
                _override(folder, name, _told(plan, name, is_root=is_root))
                for name in sorted(names)
            ]
            (folder / _OVERRIDE).write_text("".join(blocks), encoding="utf-8")


def named_in(file: Path) -> Iterable[str]:
    """The names of such blocks in a file; Terraform says what is wrong with one it cannot read."""
    if not file.is_file():
        return ()
    if file.name.endswith(".tf"):
        return _BLOCK.findall(file.read_text(encoding="utf-8", errors="replace"))
    if file.name.endswith(".tf.json"):
        with suppress(ValueError, KeyError, TypeError):
            return dict(json.loads(file.read_bytes())["data"][TYPE])
    return ()


def _told(plan: Plan, name: str, *, is_root: bool) -> Mapping[str, Any] | None:
    """The outputs a block was told, None when there is not one answer."""
    answers = [
        (each.after or {}).get("outputs") or {}
        for each in plan.resources
        if each.type == TYPE and each.name == name and bool(each.module) != is_root
    ]
    return answers[0] if answers and all(each == answers[0] for each in answers) else None


def _override(folder: Path, name: str, outputs: Mapping[str, Any] | None) -> str:
    state = folder / f"policyscan-{name}.tfstate"
    if outputs is not None:
        told = {
            key: {"value": each, "type": type_of(each)} for key, each in sorted(outputs.items())
        }
        state.touch(mode=0o600)
        state.write_text(json.dumps({"version": 4, "serial": 1, "lineage": "", "outputs": told}))
    return (
        f'data "{TYPE}" "{name}" {{\n'
        '  backend   = "local"\n'
        '  workspace = "default"\n'
        f"  config    = {{ path = {json.dumps(str(state))} }}\n"
        "}\n"
    )
