"""Loads a rule pack from a folder: every file that has a `RULE` and a `check`."""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path

from policyscan.errors import PackError
from policyscan.rule import Check, Rule

_ID = re.compile(r"[A-Z]{2,}\d{3,}")


@dataclass(frozen=True, slots=True)
class PackRule:
    """A rule with its check and its page: the docstring of its file."""

    rule: Rule
    check: Check
    page: str
    path: Path


def built_in_pack() -> Path:
    """The folder of the rules that come with policyscan: in a checkout, else in the wheel."""
    package = Path(__file__).resolve().parent.parent
    checkout = package.parent / "rules"
    return checkout if (package.parent / "pyproject.toml").is_file() else package / "_pack"


def load_pack(folder: Path) -> tuple[PackRule, ...]:
    """Load every rule below a folder, in order of id.

    Raises PackError: no such folder, no rule in it, a file that cannot be run, a rule that does
    not keep the contract, or an id given twice.
    """
    if not folder.is_dir():
        raise PackError(f"{folder}: no such folder of rules")
    found: dict[str, PackRule] = {}
    for path in sorted(folder.rglob("*.py")):
        rule = _load(path, folder)
        if rule is None:
            continue
        if rule.rule.id in found:
            other = found[rule.rule.id].path
            raise PackError(f"{path}: {rule.rule.id} is already the id of {other}")
        found[rule.rule.id] = rule
    if not found:
        raise PackError(f"{folder}: no rule in this folder: a rule file has a RULE and a check()")
    return tuple(rule for _, rule in sorted(found.items()))


def _load(path: Path, folder: Path) -> PackRule | None:
    name = "policyscan_pack." + ".".join(path.relative_to(folder).with_suffix("").parts)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise PackError(f"{path}: cannot be loaded as a rule")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as problem:
        raise PackError(f"{path}: {type(problem).__name__}: {problem}") from problem
    rule = getattr(module, "RULE", None)
    if rule is None:
        return None
    check = getattr(module, "check", None)
    if not isinstance(rule, Rule) or not callable(check):
        raise PackError(f"{path}: RULE must be a Rule and check a function")
    if not _ID.fullmatch(rule.id):
        raise PackError(f"{path}: {rule.id!r} is no rule id; it looks like PS101")
    return PackRule(rule, check, (module.__doc__ or "").strip(), path)
