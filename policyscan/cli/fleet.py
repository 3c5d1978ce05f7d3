"""`policyscan fleet run`: many plans on a cluster."""

from __future__ import annotations

import gc
import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from policyscan.bridges.beside import checkov_beside
from policyscan.cli.judging import checkov_flags
from policyscan.cli.output import write
from policyscan.cli.packs import configuration, own_packs
from policyscan.cli.settings import SettingFlags, chosen_settings
from policyscan.cli.waivers import waiver_terms
from policyscan.errors import ConfigError

if TYPE_CHECKING:
    from policyscan.fleet.options import FleetOptions
    from policyscan.fleet.recipe import Recipe

EXTRA: Final = "pip install 'policyscan[fleet]'"
_MIB: Final = 2**20


def run_run(
    *, plans: Sequence[str], format_name: str, exit_zero: bool, quiet: bool, **flags: Any
) -> int:
    """Judge a fleet and print what it comes to. Returns the worst exit code.

    `flags` are those of `with_fleet`, and of `judging` without a source.
    Raises PolicyscanError: a flag is wrong, or not every plan is accounted for.
    """
    if sys.platform == "win32":
        raise ConfigError("fleet: runs on Linux and macOS, in a container for instance")
    recipe = _recipe(flags)
    options = _options(plans, flags)
    try:
        from policyscan.fleet.run import run_fleet  # noqa: PLC0415 - an extra of few
        from policyscan.fleet.summary import text  # noqa: PLC0415 - likewise
    except ModuleNotFoundError as problem:
        raise missing(problem) from None
    # A scan is over before there is garbage; this is not.
    gc.enable()
    summary = run_fleet(options, recipe, stdin=sys.stdin, stderr=sys.stderr, quiet=quiet)
    write(
        None,
        f"{json.dumps(summary, indent=2, ensure_ascii=False)}\n"
        if format_name == "json"
        else text(summary),
    )
    code = int(summary["exit_code"])
    return 0 if exit_zero and code == 1 else code


def missing(problem: ModuleNotFoundError) -> ConfigError:
    """What to install. Raises the problem itself where it is one of our own modules."""
    package = (problem.name or "").partition(".")[0]
    if package == "policyscan":
        raise problem
    return ConfigError(f"fleet: the package {package} is not installed: {EXTRA}")


def _recipe(flags: dict[str, Any]) -> Recipe:
    """How plans are judged. Raises PolicyscanError: a flag is wrong, Checkov cannot be used."""
    from policyscan.fleet.recipe import Limits, Recipe, files_of, fingerprint  # noqa: PLC0415

    own = {name: flags[name] for name in SettingFlags.__struct_fields__ if name != "checkov"}
    chosen = chosen_settings(SettingFlags(**own, checkov=checkov_flags(flags)))
    found = checkov_beside(chosen.settings)
    terms = waiver_terms(chosen, tells_stale=False)
    asked = chosen.settings.checkov
    # Seen from wherever a worker runs.
    folders = tuple(map(os.path.abspath, asked.external_checks_dir))
    recipe = Recipe(
        settings=replace(chosen.settings, checkov=replace(asked, external_checks_dir=folders)),
        packs=tuple(map(files_of, own_packs(flags["packs"], configuration(flags["config"])))),
        waivers=terms.waivers,
        today=terms.today,
        baseline=_baseline(flags["baseline"]),
        checkov=found.checkov.version if found.checkov else "",
        unheard=str(found.state),
        keeps_all=flags["keep"] == "all",
        limits=Limits(flags["max_plan_bytes"], flags["time_per_plan"]),
    )
    return replace(recipe, rules=fingerprint(recipe, chosen.pack))


def _baseline(path: str | None) -> Any:
    if path is None:
        return None
    from policyscan.engine.baseline import read_baseline  # noqa: PLC0415 - few have one

    return read_baseline(Path(path))


def _options(plans: Sequence[str], flags: dict[str, Any]) -> FleetOptions:
    """What the run is set to. Raises ConfigError: a pattern or a place is none."""
    from policyscan.fleet.options import FleetOptions  # noqa: PLC0415 - an extra of few

    out, named = flags["out"], flags["workspace_from"]
    if not out:
        raise ConfigError("--out: names no place")
    if named is not None:
        try:
            re.compile(named)
        except re.error as problem:
            raise ConfigError(f"--workspace-from {named}: no pattern: {problem}") from None
    return FleetOptions(
        plans=tuple(plans),
        out=out.rstrip("/") if "://" in out else os.path.abspath(out),  # noqa: PTH100 - a text
        folder=str(Path.cwd()),
        run=flags["run"],
        resume=flags["resume"],
        workspace_from=named,
        scheduler=flags["scheduler"],
        workers=flags["workers"],
        memory=flags["memory"] * _MIB if flags["memory"] else None,
        batch_plans=flags["batch_plans"],
        batch_bytes=flags["batch_bytes"],
        retries=flags["retries"],
    )
