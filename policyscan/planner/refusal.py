"""Terraform's diagnostics as one line for the user: where, what is wrong, what to do."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from policyscan.planner.schema import PROVIDERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_PROVIDER = re.compile(r"provider ([\w./-]+?):? ")
_MODULE = re.compile(r'module "([^"]+)"')
_DATA = re.compile(r"(?:^|\.)data\.\w+\.")
_VARIABLE = re.compile(r'variable "([^"]+)" is not set')
_CONDITIONS = ("Resource precondition failed", "Resource postcondition failed")
_NOT_INSTALLED = (
    "Error accessing remote module registry",
    "Error installing module",
    "Failed to download module",
    "Module not found",
    "Module not installed",
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where Terraform ran (`root_module`, a private copy) and what the user calls it (`named`)."""

    root_module: Path
    named: Path

    def of(self, diagnostic: Mapping[str, Any]) -> str:
        """`folder/file.tf:12`, or the folder alone when Terraform names no line."""
        if not (file := _file(diagnostic)):
            return str(self.named)
        return f"{os.path.normpath(self.named / file)}:{_line(diagnostic)}"

    def translated(self, text: str) -> str:
        """Terraform's text on one line, in terms of the user's folder."""
        return " ".join(text.replace(str(self.root_module), str(self.named)).split())


def refusal(place: Place, diagnostics: Sequence[Mapping[str, Any]]) -> str:
    """One line about the first error in the files; unset variables are named all at once."""
    # Terraform checks in parallel, so that its order says nothing.
    first = min(diagnostics, key=_rank)
    summary, detail = first["summary"].rstrip(".:"), place.translated(first.get("detail", ""))
    where = place.of(first)
    if summary == "No value for required variable":
        return f"{where}: {_unset(diagnostics)}"
    if summary == "Failed to query available provider packages":
        known = ", ".join(sorted(address.rpartition("/")[2] for address in PROVIDERS))
        found = _PROVIDER.search(detail)
        name = found[1] if found else "of this configuration"
        return (
            f"{where}: provider {name} cannot be planned with offline (these can: {known}); "
            "plan with the real provider and hand over its `terraform show -json`"
        )
    if summary in _NOT_INSTALLED and (found := _MODULE.search(detail)):
        return (
            f"{where}: module {found[1]!r} is not installed, and offline nothing is downloaded; "
            "run `terraform init` in the folder first, its .terraform/modules is then used"
        )
    told = f"{place.translated(summary)}: {detail}".rstrip(": ")
    # Data sources are refused by providers, which know no addresses.
    address = first.get("address") or ""
    return f"{where}: {address}: {told}" if _DATA.search(address) else f"{where}: {told}"


def is_condition(diagnostics: Sequence[Mapping[str, Any]]) -> bool:
    """Whether pre- and postconditions are all that failed."""
    return all(each["summary"] in _CONDITIONS for each in diagnostics)


def _rank(diagnostic: Mapping[str, Any]) -> tuple[bool, str, int, str]:
    file = _file(diagnostic)
    return not file, file, _line(diagnostic), diagnostic["summary"]


def _file(diagnostic: Mapping[str, Any]) -> str:
    return str((diagnostic.get("range") or {}).get("filename") or "")


def _line(diagnostic: Mapping[str, Any]) -> int:
    return int(diagnostic["range"]["start"]["line"]) if _file(diagnostic) else 0


def _unset(diagnostics: Sequence[Mapping[str, Any]]) -> str:
    names = sorted(
        {
            found[1]
            for diagnostic in diagnostics
            if (found := _VARIABLE.search(diagnostic.get("detail", "")))
        }
    )
    flags = " ".join(f"--var {name}=VALUE" for name in names)
    noun = "variables" if len(names) > 1 else "variable"
    return f"{noun} {', '.join(names)} not set; pass {flags}, or --var-file FILE"
