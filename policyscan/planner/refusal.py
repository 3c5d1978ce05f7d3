"""Terraform's diagnostics as one line for the user: where, what is wrong, what to do."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from policyscan.planner.schema import PROVIDERS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_PROVIDER = re.compile(r"provider ([\w./-]+?):? ")
_FUNCTION = re.compile(r'"(provider::\w+::\w+)"')
_NO_PROVIDER = "Failed to query available provider packages"
_MODULE = re.compile(r'module "([^"]+)"')
_DATA = re.compile(r"(?:^|\.)data\.\w+\.")
_VARIABLE = re.compile(r'variable "([^"]+)" is not set')
_GIVEN = re.compile(r"<value for var\.(.+)>")
_CYCLE = "Cycle: "
_CONDITIONS = ("Resource precondition failed", "Resource postcondition failed")
_REAL_PLAN = "with the real provider, and hand over its `terraform show -json`"
_NOT_INSTALLED = (
    "Error accessing remote module registry",
    "Error installing module",
    "Failed to download module",
    "Module not found",
    "Module not installed",
)


class Place(Struct, frozen=True):
    """Where Terraform ran (`root_module`, a private copy) and what the user calls it (`named`)."""

    root_module: Path
    named: Path

    def of(self, diagnostic: Mapping[str, Any]) -> str:
        """`folder/file.tf:12`, or the folder alone when Terraform names no line."""
        if not (file := _file(diagnostic)):
            return str(self.named)
        if given := _GIVEN.fullmatch(file):
            return f"{self.named}: the value given for variable {given[1]}"
        return f"{os.path.normpath(self.named / file)}:{_line(diagnostic)}"

    def of_resource(self, address: str) -> str:
        """Where the root module declares a resource, "" where its text does not show it."""
        kind, _, name = address.partition(" ")[0].rpartition(".")
        head = re.compile(rf'^[ \t]*resource[ \t]+"{re.escape(kind)}"[ \t]+"{re.escape(name)}"')
        for file in sorted(self.root_module.glob("*.tf")):
            lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
            for number, line in enumerate(lines, 1):
                if head.match(line):
                    return f"{os.path.normpath(self.named / file.name)}:{number}"
        return ""

    def translated(self, text: str) -> str:
        """Terraform's text on one line, in terms of the user's folder."""
        return " ".join(text.replace(str(self.root_module), str(self.named)).split())


def refusal(place: Place, diagnostics: Sequence[Mapping[str, Any]]) -> str:
    """One line about the first error in the files; unset variables are named all at once."""
    # Terraform checks in parallel, so that its order says nothing.
    first = min(diagnostics, key=_rank)
    summary, detail = first["summary"].rstrip(".:"), place.translated(first.get("detail", ""))
    where = place.of(first)
    if summary.startswith(_CYCLE):
        return _cycle(place, summary)
    if summary == "No value for required variable":
        return f"{where}: {_unset(diagnostics)}"
    if summary == _NO_PROVIDER:
        return f"{where}: {_unknown_providers(diagnostics)}"
    if summary == "Unknown provider function" and (found := _FUNCTION.search(detail)):
        return (
            f"{where}: {found[1]}: no function of a provider is known offline; "
            f"plan without it, or {_REAL_PLAN}"
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


def _cycle(place: Place, summary: str) -> str:
    """A cycle from its first member on, with the place where one of them is declared."""
    members = summary.removeprefix(_CYCLE).split(", ")
    begin = members.index(min(members))
    members = [*members[begin:], *members[:begin]]
    where = next(filter(None, map(place.of_resource, members)), str(place.named))
    return f"{where}: {_CYCLE}{', '.join(members)}"


def is_condition(diagnostics: Sequence[Mapping[str, Any]]) -> bool:
    """Whether pre- and postconditions are all that failed."""
    return all(each["summary"] in _CONDITIONS for each in diagnostics)


def _rank(diagnostic: Mapping[str, Any]) -> tuple[bool, str, int, str, str]:
    file, detail = _file(diagnostic), diagnostic.get("detail", "")
    return not file, file, _line(diagnostic), diagnostic["summary"], detail


def _file(diagnostic: Mapping[str, Any]) -> str:
    return str((diagnostic.get("range") or {}).get("filename") or "")


def _line(diagnostic: Mapping[str, Any]) -> int:
    return int(diagnostic["range"]["start"]["line"]) if _file(diagnostic) else 0


def _unknown_providers(diagnostics: Sequence[Mapping[str, Any]]) -> str:
    """All unknown providers at once, and what can be done about them."""
    found = (
        _PROVIDER.search(each.get("detail", ""))
        for each in diagnostics
        if each["summary"] == _NO_PROVIDER
    )
    names = sorted({each[1] for each in found if each})
    told = ", ".join(names) or "of this configuration"
    for name in names:
        if kept := _of_another_namespace(name):
            return (
                f"provider {name} is not known offline, {kept} is: name it as the `source` of the "
                "provider in required_providers of every module that uses it"
            )
    return (
        f"no schema of provider {told} is known offline; give it with --provider-schema FILE "
        "(`terraform providers schema -json > FILE` writes it where the provider is initialised), "
        f"or plan {_REAL_PLAN}"
    )


def _of_another_namespace(name: str) -> str:
    """The provider of the same name that is kept, "" when none is or its host differs."""
    *host, _, kind = name.split("/")
    kept = [address.partition("/")[2] for address in PROVIDERS]
    likely = [each for each in kept if each.rpartition("/")[2] == kind]
    return "" if host or not likely or name in likely else likely[-1]


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
