"""Reads a rule written in Python: a file with a docstring, a `RULE` and a `check`."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from policyscan.engine.contract import (
    Fault,
    PackRule,
    Problem,
    faults_of,
    faults_of_check,
    faults_of_page,
    line_of,
)
from policyscan.rule import Rule


def read_python_rule(path: Path) -> tuple[PackRule | None, tuple[Problem, ...]]:
    """The rule a file defines, and all that is wrong with it; a file may define no rule at all."""
    try:
        module = _run(path)
    except (Exception, SystemExit) as problem:  # noqa: BLE001 - a rule file may raise anything
        line, text = _raised(problem, path)
        return None, (Problem(path, line, text),)
    rule: object = getattr(module, "RULE", None)
    check: Any = getattr(module, "check", None)
    if rule is None and check is None:
        return None, ()
    page = (module.__doc__ or "").strip()
    found = tuple(Problem(path, line_of(path, at), text) for at, text in _faults(rule, check, page))
    return (PackRule(rule, check, page, path) if isinstance(rule, Rule) else None), found


def _faults(rule: object, check: object, page: str) -> Iterator[Fault]:
    if not isinstance(rule, Rule):
        yield "", f"RULE must be a Rule, not {'missing' if rule is None else repr(rule)}"
    else:
        yield from faults_of(rule)
    yield from faults_of_check(check)
    yield from faults_of_page(page)


def _run(path: Path) -> ModuleType:
    """The module of a rule file, under a name that no other file has.

    Dataclasses look their module up by its name, so it stays known while it is in use.
    """
    unique = hashlib.sha256(str(path.absolute()).encode()).hexdigest()[:16]
    name = f"policyscan_pack_{unique}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError("cannot be loaded as a rule")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _raised(problem: BaseException, path: Path) -> tuple[int, str]:
    """The line of a rule file where running it ended, and why."""
    text = f"{type(problem).__name__}: {problem}"
    if isinstance(problem, SyntaxError):
        return problem.lineno or 1, f"{type(problem).__name__}: {problem.msg}"
    line, trace = 1, problem.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line, " ".join(text.split())
