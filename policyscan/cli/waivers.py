"""`policyscan waive` and `policyscan waivers`, and the waivers that a scan goes by."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from policyscan.cli.inputs import expand
from policyscan.cli.judging import judging
from policyscan.cli.output import say, write
from policyscan.cli.settings import ChosenSettings
from policyscan.engine import (
    WAIVERS_FILE,
    Outcome,
    Waiver,
    Waivers,
    WaiverTerms,
    apply_waivers,
    today,
)
from policyscan.engine.form import day_of, hint
from policyscan.errors import ConfigError, PolicyscanError


def waiver_terms(chosen: ChosenSettings, *, tells_stale: bool = True) -> WaiverTerms:
    """What decides which waivers count, those of the file read.

    Without a named file it is that of the working directory, if there is one, and never that of a
    folder above: nobody's findings are waived from where they do not look.
    Raises ConfigError: the file cannot be read.
    """
    path = chosen.waivers
    if path is None and os.path.lexists(WAIVERS_FILE):
        path = Path(WAIVERS_FILE)
    waivers = Waivers()
    if path is not None:
        from policyscan.engine.waiver_file import read_waivers  # noqa: PLC0415 - few have one

        waivers = read_waivers(path)
    return WaiverTerms(
        today(),
        tuple(each.rule for each in chosen.pack),
        tuple(each.rule for each in chosen.settings.chosen(chosen.pack)),
        waivers,
        chosen.settings.unwaivable,
        tells_stale,
    )


def run_waivers(*, plans: Sequence[str], check: bool, output: str | None, **flags: Any) -> int:
    """List every waiver. Returns 1 for a check that finds one to mend or to remove."""
    from policyscan.engine.waiver_review import review  # noqa: PLC0415 - scans do not need it
    from policyscan.report.waiver_list import render_waivers  # noqa: PLC0415 - likewise

    names = expand(plans)
    how = judging(names, **flags)
    terms = waiver_terms(how.chosen)
    with ExitStack() as opened:
        outcomes = [how.outcome(each, opened) for each in names]
        found = review(outcomes, terms)
    write(output, render_waivers(found))
    errors = [error for outcome in outcomes for error in outcome.errors]
    for error in errors:
        say(error)
    if errors:
        return 2
    return 1 if check and not found.is_clean else 0


def run_waive(  # noqa: PLR0913 - one argument per flag
    *,
    plan: str,
    rule: str,
    address: str,
    reason: str,
    owner: str,
    until: str,
    **flags: Any,
) -> int:
    """Write a waiver at the end of the file. Raises PolicyscanError: why nothing was written."""
    how = judging((plan,), **flags)
    chosen = how.chosen
    path = chosen.waivers or Path(WAIVERS_FILE)
    is_new = not os.path.lexists(path)
    terms = waiver_terms(replace(chosen, waivers=None) if is_new else chosen)
    wanted = _wanted(rule, address, reason, owner, until)
    with ExitStack() as opened:
        outcome = how.outcome(plan, opened)
        try:
            waiver, count = _due(wanted, outcome, terms)
        except ConfigError as problem:
            raise ConfigError(*map(outcome.redacted, problem.lines)) from None
    _append(path, waiver, Waivers() if is_new else terms.waivers)
    what = f"{count} finding{'' if count == 1 else 's'}"
    sys.stdout.write(f"{path}: waives {what} until {waiver.expires}\n")
    return 0


def _wanted(rule: str, address: str, reason: str, owner: str, until: str) -> Waiver:
    expires = day_of(until)
    problems = [
        f"--{flag} says nothing"
        for flag, text in (("reason", reason), ("owner", owner))
        if not text.strip()
    ]
    if expires is None:
        problems.append(f"--until {until}: no date, such as 2027-01-31")
    elif expires < today():
        problems.append(f"--until {until}: is past")
    if problems:
        raise ConfigError(*problems)
    return Waiver(rule, (address,), reason.strip(), owner.strip(), expires, "")


def _due(wanted: Waiver, outcome: Outcome, terms: WaiverTerms) -> tuple[Waiver, int]:
    """The waiver to write, and how many findings it waives.

    Raises ConfigError: the plan has none that it is for, or all are waived, or may not be.
    """
    from policyscan.engine.address_pattern import address_pattern, literal  # noqa: PLC0415
    from policyscan.engine.waiving import key_of  # noqa: PLC0415 - scans do not need any of it
    from policyscan.engine.weighing import weigh  # noqa: PLC0415

    [address] = wanted.addresses
    judgements = apply_waivers(outcome, terms).all_judgements
    is_one = any(each.finding.address == address for each in judgements)
    pattern = address_pattern(literal(address) if is_one else address)
    waiver = replace(wanted, addresses=(pattern.text,))
    [weighed] = weigh(outcome, terms, (waiver,))
    if weighed.problem:
        raise ConfigError(weighed.problem)
    keys = set(map(key_of, weighed.judgements))
    meant = [each for each in judgements if key_of(each) in keys]
    if not meant:
        open_ = {each.finding.address for each in judgements if waiver.names(each.rule)}
        raise ConfigError(
            f"{outcome.platform.plan.name}: {waiver.rule} finds nothing to waive at "
            f"{address}{hint(address, sorted(open_))}"
        )
    places = sorted({each.waiver.place for each in meant if each.waiver is not None})
    if all(each.waiver is not None for each in meant):
        raise ConfigError(f"it is waived already: {', '.join(places)}")
    return waiver, len(meant)


def _append(path: Path, waiver: Waiver, before: Waivers) -> None:
    """Add a waiver to a file, the rest of which stays as it is; in one step, or not at all.

    Raises PolicyscanError: the file cannot be written, or is not read as it was with one more.
    """
    from policyscan.engine.waiver_file import addition  # noqa: PLC0415 - scans do not need it

    # What a link leads to is meant, not the link.
    target = Path(os.path.realpath(path))
    draft = target.with_name(f"{target.name}.{os.getpid()}.yaml")
    is_ours = False
    try:
        content = target.read_bytes() if target.exists() else b""
        added = addition(content.decode("utf-8-sig"), waiver)
        with draft.open("xb") as stream:
            is_ours = True
            stream.write(content + added.encode())
        if target.exists():
            draft.chmod(target.stat().st_mode)
        if not _has_one_more(draft, waiver, before):
            raise ConfigError(
                f"{path}: no waiver can be added at its end; it has to be a list, with each item "
                "on lines of its own"
            )
        draft.replace(target)
    except OSError as problem:
        raise PolicyscanError(f"{path}: cannot be written: {problem.strerror}") from None
    finally:
        if is_ours:
            draft.unlink(missing_ok=True)


def _has_one_more(draft: Path, waiver: Waiver, before: Waivers) -> bool:
    from policyscan.engine.waiver_file import read_waivers  # noqa: PLC0415 - as above

    try:
        after = read_waivers(draft)
    except ConfigError:
        return False
    told = [replace(each, place="") for each in after.given]
    wanted = [replace(each, place="") for each in (*before.given, waiver)]
    return told == wanted and len(after.faults) == len(before.faults)
