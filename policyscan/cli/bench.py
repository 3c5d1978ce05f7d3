"""`policyscan test`: the rules of a pack on their fixtures."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from policyscan.cli.packs import configuration, own_packs
from policyscan.engine import built_in_pack
from policyscan.errors import ConfigError
from policyscan.report.screen import plain
from policyscan.workbench.bench import Bench, tried
from policyscan.workbench.fixture import fixtures_folder, rules_in

_DEFAULT = "rules"


def run_test(*, directory: str | None, packs: Sequence[str], plan: bool, accept: bool) -> int:
    """Try one pack, or every one that is configured. Returns the worst exit code.

    Raises PackError: a pack cannot be loaded.
    """
    beside = own_packs(packs, configuration())
    chosen = (Path(directory),) if directory is not None else beside or _default()
    worst = 0
    for pack in chosen:
        rules = rules_in(pack, built_in_pack(), *beside)
        bench = tried(pack, rules, plan=plan, accept=accept)
        for line in _told(bench, pack):
            sys.stdout.write(f"{plain(line)}\n")
        worst = max(worst, bench.exit_code)
    return worst


def _default() -> tuple[Path, ...]:
    if not Path(_DEFAULT).is_dir():
        raise ConfigError(f"no folder {_DEFAULT} here: name the pack, as `policyscan test DIR`")
    return (Path(_DEFAULT),)


def _told(bench: Bench, pack: Path) -> Iterator[str]:
    for trial in bench.trials:
        if trial.complaints or trial.errors:
            yield f"{trial.fixture.folder}"
            yield from (f"  {line}" for line in (*trial.complaints, *trial.errors))
    yield from bench.gaps
    good = sum(not (each.complaints or each.errors) for each in bench.trials)
    word = ("PASS", "FAIL", "NOT JUDGED")[bench.exit_code]
    yield (
        f"{word}: {_counted(len(bench.rules), 'rule')} of {pack}, "
        f"{good} of {_counted(len(bench.trials), 'fixture')} in {fixtures_folder(pack)} as expected"
    )


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
