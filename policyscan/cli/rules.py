"""`policyscan rules` and `policyscan rule`: what a scan would run, and one of it explained."""

from __future__ import annotations

import shutil
import sys
from typing import Any

from policyscan.cli.output import write
from policyscan.cli.settings import SettingFlags, chosen_settings
from policyscan.engine import GATE, built_in_pack
from policyscan.engine.form import hint
from policyscan.errors import ConfigError
from policyscan.report.rule_json import render_rules_json
from policyscan.report.rule_text import read_example, render_rule, render_rules


def run_rules(*, format_name: str, output: str | None, **flags: Any) -> int:
    """List the rules that run; `flags` are those of `SettingFlags`."""
    chosen = chosen_settings(SettingFlags(**flags))
    shown = (GATE, *chosen.settings.chosen(chosen.pack))
    if format_name == "json":
        write(output, render_rules_json(shown, chosen.settings, chosen.profile))
        return 0
    is_screen = output is None and sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if is_screen else None
    write(output, render_rules(shown, chosen.settings, chosen.profile, width=width))
    return 0


def run_rule(*, name: str, output: str | None, **flags: Any) -> int:
    """Print the page of one rule. Raises ConfigError: none has this id or name."""
    chosen = chosen_settings(SettingFlags(**flags))
    settings, known = chosen.settings, (GATE, *chosen.pack)
    for each in known:
        if name in {each.rule.id, each.rule.name}:
            is_run = each in (GATE, *settings.chosen(chosen.pack))
            example = read_example(built_in_pack(), each.rule.id)
            write(output, render_rule(each, example, settings, is_run=is_run))
            return 0
    near = hint(name, [word for each in known for word in (each.rule.id, each.rule.name)])
    raise ConfigError(f"no rule is called {name!r}{near or '; `policyscan rules` lists them'}")
