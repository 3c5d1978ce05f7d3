"""Commands that a configuration wants run on apply: a simulated apply runs none of them."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from policyscan.errors import PlannerError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from policyscan.planner.sandbox import Sandbox

_RESOURCE = re.compile(r'^[ \t]*resource[ \t]+"?([\w-]+)"?[ \t]+"?([\w-]+)"?[ \t]*\{', re.MULTILINE)
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_OVERRIDE = "zzz_policyscan_commands_override.tf"
_HARMLESS = """\
resource "{type}" "{name}" {{
  connection {{
    host = "none"
  }}
  provisioner "local-exec" {{
    command     = "none"
    interpreter = ["true"]
  }}
}}
"""
"""Has a command as an argument of `true` that nobody reads."""


@contextmanager
def without_commands(sandbox: Sandbox) -> Iterator[bool]:
    """Have an apply run `true` for each command of the configuration; put it back after.

    The value tells whether there may be any. What is found here is found by reading, so that
    `check_commands` has to have the last word. Provisioners of an override replace all those of
    its resource, whatever their form.
    """
    texts = {file: file.read_text(encoding="utf-8", errors="replace") for file in sandbox.files()}
    speaking = [file for file, text in texts.items() if "provisioner" in text]
    overrides: dict[Path, set[str]] = {}
    for file in speaking:
        named = _in_json(texts[file]) if file.suffix == ".json" else _in_hcl(texts[file])
        overrides.setdefault(file.parent / _OVERRIDE, set()).update(
            _HARMLESS.format(type=kind, name=name) for kind, name in named
        )
    for file, blocks in overrides.items():
        file.write_text("".join(sorted(blocks)), encoding="utf-8")
    try:
        yield bool(speaking)
    finally:
        for file in overrides:
            file.unlink()


def check_commands(named: Path, shown: bytes) -> None:
    """Look through a plan, as Terraform shows it, for commands that an apply would run.

    Raises PlannerError: there is one that `without_commands` has not made harmless.
    """
    if found := sorted(_with_commands(json.loads(shown)["configuration"]["root_module"])):
        raise PlannerError(
            f"{named}: a simulated apply runs no provisioner, and that of {found[0]} cannot be "
            "switched off; plan without it"
        )


def _with_commands(module: Mapping[str, Any]) -> Iterator[str]:
    for resource in module.get("resources", ()):
        for provisioner in resource.get("provisioners", ()):
            runs = provisioner.get("expressions", {}).get("interpreter", {})
            if provisioner["type"] != "local-exec" or runs.get("constant_value") != ["true"]:
                yield str(resource["address"])
    for name, call in module.get("module_calls", {}).items():
        yield from (f"module.{name}.{each}" for each in _with_commands(call.get("module", {})))


def _in_hcl(text: str) -> list[tuple[str, str]]:
    """(type, name) of the resources in a file."""
    return _RESOURCE.findall(_COMMENT.sub("", text))


def _in_json(text: str) -> Iterator[tuple[str, str]]:
    try:
        root = json.loads(text)
    except ValueError:
        # Terraform will say what is wrong with it.
        return
    for kind, blocks in _members(dict(_members(root)).get("resource")):
        yield from ((kind, name) for name, _ in _members(blocks))


def _members(body: Any) -> Iterator[tuple[str, Any]]:
    """What is in a body of Terraform's JSON syntax: an object, or a list of such."""
    for each in body if isinstance(body, list) else [body]:
        if isinstance(each, dict):
            yield from each.items()
