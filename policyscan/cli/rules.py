"""`policyscan rules`: what the packs hold, and the page of one rule."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from policyscan.cli.packs import all_rules, configured
from policyscan.engine import GATE, PackRule
from policyscan.errors import ConfigError


def run_rules(name: str | None, packs: Sequence[str]) -> int:
    """List every rule, or print the page of one."""
    pack = (GATE, *all_rules(packs, configured()))
    if name is None:
        for each in pack:
            rule = each.rule
            sys.stdout.write(f"{rule.id}  {rule.severity:<8}  {rule.name:<28} {rule.title}\n")
        return 0
    for each in pack:
        if name in {each.rule.id, each.rule.name}:
            sys.stdout.write(_page(each))
            return 0
    raise ConfigError(f"no rule is called {name!r}: `policyscan rules` lists them")


def _page(each: PackRule) -> str:
    rule = each.rule
    lines = [f"{rule.id} {rule.name} ({rule.severity})", "", each.page, ""]
    lines += [
        f"{rule.id}.{parameter.name} = {parameter.default}: {parameter.description}"
        for parameter in rule.parameters
    ]
    return "\n".join(lines).rstrip() + "\n"
