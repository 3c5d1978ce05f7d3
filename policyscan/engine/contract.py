"""What every rule of a pack has to keep, whatever sort of file it is written in."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from msgspec import Struct

from policyscan.errors import ConfigError
from policyscan.rule import Agrees, Check, Opposes, Parameter, Rule, Severity, When

HEADINGS: Final = ("## Why", "## Fix", "## When unknown", "## Source")
"""The sections of a rule's page, in their order."""

RULE_ID: Final = re.compile(r"([A-Z]{2,})(\d{3,})")
RULE_NAME: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
GROUP: Final = re.compile(r"[A-Z][A-Z0-9]*")
RESOURCE_TYPE: Final = re.compile(r"\*|[a-z][a-z0-9]*(_[a-z0-9*]+)+")
"""A type, or `aws_*` for all of a provider."""
CHECK_ID: Final = re.compile(r"CKV\d?_[A-Z0-9]+_\d+")

_CONSTANT: Final = re.compile(r"^RULE\b", re.MULTILINE)

Fault = tuple[str, str]
"""The field of a rule that is wrong, "" for the rule as a whole, and what is wrong with it."""


class PackRule(Struct, frozen=True):
    """A rule with its check and its page: the docstring of its file."""

    rule: Rule
    check: Check
    page: str
    path: Path


class Problem(Struct, frozen=True, order=True):
    """What is wrong with a rule file, and on which line of it, from 1."""

    path: Path
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


def line_of(path: Path, field: str) -> int:
    """The line a rule file says a field of its rule on, else that of its RULE, else 1."""
    text = path.read_text(encoding="utf-8", errors="replace")
    start = _CONSTANT.search(text)
    written = rf"^(async )?def {field}\b" if field == "check" else rf"\b{field}\s*[=:]"
    # A page may speak of the field too, and stands before the rule.
    after = start.end() if start and field != "check" else 0
    found = re.compile(written, re.MULTILINE).search(text, after) if field else None
    place = found or start
    return text.count("\n", 0, place.start()) + 1 if place else 1


def faults_of(rule: Rule) -> Iterator[Fault]:
    """What is wrong with a rule's constant part; its fields may be of any type."""
    if not _fits(RULE_ID, rule.id):
        yield "id", f"{rule.id!r} is no rule id: capitals, then three digits, such as ACME001"
    if not _fits(RULE_NAME, rule.name):
        yield "name", f"{rule.name!r} is no rule name: write it like bucket-without-lifecycle"
    if not _fits(GROUP, rule.group):
        yield "group", f"{rule.group!r} is no group: a word in capitals, such as NET"
    if not isinstance(rule.severity, Severity):
        known = ", ".join(f"Severity.{level.name}" for level in Severity)
        yield "severity", f"{rule.severity!r} is no severity; there are {known}"
    if not _is_line(rule.title):
        yield "title", f"{rule.title!r} is no title: say in one line what holds"
    yield from _faults_of_types(rule.types)
    faults = tuple(_faults_of_parameters(rule.parameters))
    yield from faults or _faults_of_checkov(rule)


def faults_of_check(check: object) -> Iterator[Fault]:
    """What keeps a check from being called with a platform and parameters."""
    if not callable(check):
        yield "check", "no check: write `def check(platform, parameters)`, which yields findings"
        return
    try:
        inspect.signature(check).bind(object(), object())
    except TypeError:
        shown = f"check{inspect.signature(check)}"
        yield "check", f"{shown} is called as check(platform, parameters): take those two"


def faults_of_page(page: str) -> Iterator[Fault]:
    """Which sections a page lacks, or has in another order."""
    if not page.strip():
        yield "", f"no docstring: it is the rule's page, with {', '.join(HEADINGS)}"
        return
    lines = [line.rstrip() for line in page.splitlines()]
    if missing := [heading for heading in HEADINGS if heading not in lines]:
        yield "", f"the docstring lacks {', '.join(missing)}"
    elif [line for line in lines if line in HEADINGS] != list(HEADINGS):
        yield "", f"the docstring's sections go {', '.join(HEADINGS)}, each once"


def _fits(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None


def _is_line(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and "\n" not in value


def _faults_of_types(types: object) -> Iterator[Fault]:
    if not isinstance(types, tuple) or not types:
        yield "types", f'{types!r} is no tuple of resource types: write ("aws_s3_bucket",)'
        return
    for each in types:
        if not _fits(RESOURCE_TYPE, each):
            yield "types", f"{each!r} is no resource type, such as aws_s3_bucket"


def _faults_of_parameters(parameters: object) -> Iterator[Fault]:
    if not isinstance(parameters, tuple) or not all(isinstance(p, Parameter) for p in parameters):
        yield "parameters", f"{parameters!r} is no tuple of Parameter(name, default, description)"
        return
    names = [each.name for each in parameters]
    for each in parameters:
        if not isinstance(each.name, str) or not each.name.isidentifier():
            yield "parameters", f"{each.name!r} is no name of a parameter, such as days"
        elif names.count(each.name) > 1:
            yield "parameters", f"the parameter {each.name} is there {names.count(each.name)} times"


def _faults_of_checkov(rule: Rule) -> Iterator[Fault]:
    """What is wrong with what a rule says of Checkov's checks; its parameters are right."""
    relations: object = rule.checkov
    kinds = Agrees | Opposes
    if not isinstance(relations, tuple) or not all(isinstance(one, kinds) for one in relations):
        yield "checkov", f"{relations!r} is no tuple of Agrees(check, wants) and Opposes"
        return
    for each in rule.checkov:
        if not _fits(CHECK_ID, each.check):
            yield "checkov", f"{each.check!r} is no check of Checkov, such as CKV_AWS_158"
        if not _is_line(each.wants):
            yield "checkov", f"{each.check}: say in one line what is wanted, not {each.wants!r}"
        for problem in _wrong_conditions(each.when, rule.parameters):
            yield "checkov", f"{each.check}: {problem}"


def _wrong_conditions(when: object, parameters: tuple[Parameter, ...]) -> Iterator[str]:
    known = {each.name: each for each in parameters}
    if not isinstance(when, tuple) or not all(isinstance(one, When) for one in when):
        yield f"{when!r} is no tuple of When(parameter, values)"
        return
    for each in when:
        if each.parameter not in known:
            yield f"the rule has no parameter {each.parameter!r}"
        elif not isinstance(each.values, tuple):
            yield f"{each.values!r} is no tuple of values of {each.parameter}"
        else:
            for value in each.values:
                try:
                    known[each.parameter].checked(value)
                except ConfigError as problem:
                    yield f"{each.parameter}: {problem}"
