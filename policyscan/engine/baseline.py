"""Baselines: failures of one day, written down, that do not fail scans after it.

A failure is known again by its fingerprint, made of the rule, the address and the attribute that
decides, so that neither a moved line nor another wording makes it a new one. Where Terraform moves
a resource, its address of before is looked for too.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from policyscan.engine.outcome import Judgement, Outcome
from policyscan.engine.redact import is_withheld
from policyscan.errors import ConfigError, PolicyscanError
from policyscan.rule import Verdict

_VERSION = "1"
_FIELDS = ("rule", "address", "attribute")


class Entry(Struct, frozen=True, order=True):
    """One failure, told by what makes it the same failure later."""

    rule: str
    address: str
    attribute: str

    @property
    def fingerprint(self) -> str:
        """A digest that tells it from every other one."""
        told = json.dumps((self.rule, self.address, self.attribute))
        return hashlib.sha256(told.encode()).hexdigest()[:32]


class Baseline(Struct, frozen=True):
    """The failures of a baseline file, by fingerprint: those of all plans it was made of."""

    entries: Mapping[str, Entry] = field(default_factory=dict)

    def applied(self, outcome: Outcome) -> Outcome:
        """An outcome with the failures that are listed marked so."""
        ours = tuple(self._marked(each, outcome) for each in outcome.judgements)
        listed = {each.key for each in ours if each.is_in_baseline}
        checkov = replace(
            outcome.checkov,
            judgements=tuple(
                replace(each, is_new=False, is_in_baseline=True)
                # The same problem, whether or not Checkov ran when the baseline was written.
                if each.shared in listed
                else self._marked(each, outcome)
                for each in outcome.checkov.judgements
            ),
        )
        return replace(outcome, judgements=ours, checkov=checkov)

    def _marked(self, judgement: Judgement, outcome: Outcome) -> Judgement:
        if self._listed(judgement, outcome):
            return replace(judgement, is_new=False, is_in_baseline=True)
        return judgement

    def _listed(self, judgement: Judgement, outcome: Outcome) -> tuple[str, ...]:
        """The fingerprints, of now and of before a move, that are listed."""
        if judgement.verdict is not Verdict.FAIL or is_withheld(judgement.finding.address):
            return ()
        entry = entry_of(judgement)
        resource = outcome.platform.graph.resource(entry.address)
        entries = [entry]
        if resource is not None and resource.previous_address:
            entries.append(replace(entry, address=resource.previous_address))
        return tuple(one for each in entries if (one := each.fingerprint) in self.entries)

    def gone(self, outcomes: Iterable[Outcome], rules: frozenset[str]) -> int:
        """How many entries of the rules given, which ran, match nothing in any of the outcomes."""
        met = {
            fingerprint
            for outcome in outcomes
            for each in outcome.all_judgements
            for fingerprint in self._listed(each, outcome)
        }
        return sum(
            entry.rule in rules and fingerprint not in met
            for fingerprint, entry in self.entries.items()
        )


def entry_of(judgement: Judgement) -> Entry:
    """What a failure is known by."""
    step, _ = judgement.finding.decisive
    return Entry(judgement.rule.id, judgement.finding.address, step.attribute)


def baseline_of(outcomes: Iterable[Outcome]) -> Baseline:
    """The failures of outcomes; what is waived or overruled needs no baseline."""
    entries = {
        entry_of(each)
        for outcome in outcomes
        for each in outcome.all_judgements
        if each.verdict is Verdict.FAIL
        and not each.is_overruled
        and not is_withheld(each.finding.address)
    }
    return Baseline({each.fingerprint: each for each in sorted(entries)})


def read_baseline(path: Path) -> Baseline:
    """Read a baseline file. Raises ConfigError: it cannot be read, or is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as problem:
        raise ConfigError(f"--baseline {path}: cannot be read: {problem.strerror}") from None
    except (ValueError, RecursionError):
        raise ConfigError(f"--baseline {path}: not JSON; {_AGAIN}") from None
    version = content.get("policyscan_baseline") if isinstance(content, dict) else None
    if version is None:
        raise ConfigError(f"--baseline {path}: not a baseline; {_AGAIN}")
    if version != _VERSION:
        raise ConfigError(f"--baseline {path}: its version is not {_VERSION}; {_AGAIN}")
    listed = content.get("findings")
    if not isinstance(listed, list):
        raise ConfigError(f"--baseline {path}: findings is not a list; {_AGAIN}")
    entries = {}
    for index, each in enumerate(listed):
        entry = _entry(each)
        if entry is None or each.get("fingerprint") != entry.fingerprint:
            what = "is not one" if entry is None else "has the fingerprint of another one"
            raise ConfigError(f"--baseline {path}: findings[{index}] {what}; {_AGAIN}")
        entries[entry.fingerprint] = entry
    return Baseline(entries)


_AGAIN = "make it with --write-baseline"


def _entry(raw: Any) -> Entry | None:
    if not isinstance(raw, dict) or not all(isinstance(raw.get(name), str) for name in _FIELDS):
        return None
    return Entry(*(raw[name] for name in _FIELDS))


def write_baseline(path: Path, baseline: Baseline) -> None:
    """Write a baseline file, whole or not at all. Raises PolicyscanError: it cannot be written."""
    document = {
        "policyscan_baseline": _VERSION,
        "findings": [
            {"fingerprint": fingerprint, **{name: getattr(entry, name) for name in _FIELDS}}
            for fingerprint, entry in baseline.entries.items()
        ],
    }
    text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    try:
        _replace(path, text.encode(errors="backslashreplace"))
    except OSError as problem:
        reason = problem.strerror
        raise PolicyscanError(f"--write-baseline {path}: cannot be written: {reason}") from None


def _replace(path: Path, content: bytes) -> None:
    # Beside the file itself: only within one file system is a rename all or nothing.
    target = Path(os.path.realpath(path))
    handle, name = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(name).chmod(target.stat().st_mode & 0o777 if target.exists() else 0o644)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
