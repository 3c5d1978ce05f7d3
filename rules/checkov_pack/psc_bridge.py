"""Checkov runs policyscan's rules: `checkov -f plan.json --external-checks-dir THIS_FOLDER`.

Checkov executes this file in its own environment, so it imports the standard library and Checkov
alone. It judges nothing itself: the rules and their verdicts are what the command `policyscan`
prints, asked once for the rules and once for each plan. `docs/checkov-pack.md` tells how to use it.

Checkov drops a check that raises from its report and leaves with 0. So whatever goes wrong here
becomes a failed check that says "not evaluated" and why.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from checkov.common.bridgecrew.severities import get_severity
from checkov.common.checks.base_check import BaseCheck
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.registry import resource_registry

COMMAND: Final = "POLICYSCAN_COMMAND"
TIMEOUT: Final = "POLICYSCAN_COMMAND_TIMEOUT"
HERE: Final = Path(__file__).resolve().parent
TABLE: Final = HERE / "rules.tsv"
"""The built-in rules, for when the command cannot be asked: each of them has to fail then."""
KEYS: Final = ("id", "name", "title", "severity", "page")
SCHEMA_VERSION: Final = "1"
SAME: Final = "install the policyscan that this folder belongs to"
GATE: Final = "PS001"
"""The rule that judges the plan as a whole."""
ANY: Final = "*"
WITHHELD: Final = '["(sensitive '
PLANNED: Final = {"__file__", "__change_actions__"}
"""What the resources of a plan have, and those of .tf files have not; both have an address."""
REPORTED: Final = {"pass": CheckResult.PASSED, "fail": CheckResult.FAILED}
MOST_SAID: Final = 500


class NotEvaluatedError(Exception):
    """The command gave no answer; the text says why, and what to do."""


@dataclass(frozen=True)
class Verdicts:
    """What policyscan says of one plan.

    `of` holds a verdict by rule and address. `beside` are lines of a rule, or of every rule (`*`),
    about no address that Checkov visits: the rule fails by them on the first that it does.
    """

    of: Mapping[tuple[str, str], Mapping[str, Any]]
    beside: Mapping[str, list[str]]


class HostedRule(BaseCheck):  # type: ignore[misc]
    """One rule as a check of Checkov; `verdicts_on` gives the verdicts on a plan, by its path."""

    def __init__(self, rule: Mapping[str, Any], verdicts_on: Callable[[str], Verdicts]) -> None:
        super().__init__(
            name=f"{rule['name']}: {rule['title']}",
            id=rule["id"],
            categories=(CheckCategories.GENERAL_SECURITY,),
            supported_entities=rule.get("types") or (ANY,),
            block_type="resource",
            guideline=rule["page"],
        )
        self.severity = get_severity(rule["severity"])
        self.verdicts_on = verdicts_on
        self.told: set[str] = set()
        resource_registry.register(self)

    def scan_entity_conf(self, conf: Mapping[str, Any], entity_type: str) -> CheckResult:
        """The verdict on this resource; on one of a .tf file there is none."""
        self.entity_type = entity_type
        if not PLANNED & conf.keys():
            return CheckResult.UNKNOWN
        try:
            return self.verdict(self.plan_of(conf), conf["__address__"])
        except Exception as problem:  # noqa: BLE001 - Checkov drops a check that raises
            self.details = [f"not evaluated: {type(problem).__name__}: {problem}"]
            return CheckResult.FAILED

    def plan_of(self, conf: Mapping[str, Any]) -> str:
        """The path of the plan. Raises ValueError: Checkov does not tell it."""
        if "__file__" in conf:
            return str(conf["__file__"][0])
        # A resource of which nothing is known yet names no file. Checkov's graph has both.
        scanned = self.entity_path.rsplit(":", 2)[0]
        paths = {
            str(node["file_path_"])
            for _, node in self.graph.nodes()
            if node.get("__address__") == conf["__address__"]
        }
        [path] = [each for each in paths if len(paths) == 1 or each.endswith(scanned)]
        return path

    def verdict(self, path: str, address: str) -> CheckResult:
        """The verdict on an address, its evidence in `details`."""
        verdicts = self.verdicts_on(path)
        found = verdicts.of.get((self.id, address), {"verdict": "na"})
        beside = [*verdicts.beside.get(ANY, ()), *verdicts.beside.get(self.id, ())]
        if found["verdict"] != "fail" and beside and path not in self.told:
            self.told.add(path)
            self.details = beside
            return CheckResult.FAILED
        if found["verdict"] not in REPORTED:
            return CheckResult.UNKNOWN
        self.details = list(lines_of(found, str(self.severity)))
        if found["verdict"] == "fail" and found.get("waived"):
            self.details.insert(0, waived(found["waived"]))
            return CheckResult.SKIPPED
        return REPORTED[found["verdict"]]


def waived(waiver: Mapping[str, Any]) -> str:
    """Who answers for a failure that stays."""
    until = f" until {waiver['expires']}" if waiver["expires"] else ""
    return f"Waived by {waiver['owner']}{until}: {waiver['reason']} ({waiver['place']})"


def lines_of(verdict: Mapping[str, Any], severity: str) -> Iterator[str]:
    """A verdict for people: what is so, the way through the graph that proves it, what to do."""
    yield verdict["message"]
    if verdict["symptom"]:
        yield f"AWS: {verdict['symptom']}"
    for number, step in enumerate(verdict["path"], 1):
        place = " . ".join(filter(None, (step["address"], step["attribute"])))
        noted = f" ({step['note']})" if step["note"] else ""
        source = step["source"]
        written = f", {source['file']}:{source['line']}" if source else ""
        yield f"{number}. {place}{noted}{written}"
    if verdict["severity"] != severity.lower():
        yield f"Severity here: {verdict['severity']}"
    for number, line in enumerate(verdict["fix"].splitlines()):
        yield line if number else f"Fix: {line}"


@cache
def verdicts_on(path: str) -> Verdicts:
    """All verdicts on a plan, which is judged when it is first asked for."""
    beside = os.path.relpath(path)
    # Reports name source files as they name the plan, so the shorter name is the better one.
    name = path if beside.startswith(os.pardir) else beside
    try:
        document = asked("scan", "--no-checkov", "--", name)
        with understood():
            return read_verdicts(document)
    except NotEvaluatedError as problem:
        return not_evaluated(str(problem))


def read_verdicts(document: Mapping[str, Any]) -> Verdicts:
    """The verdicts of a report."""
    of: dict[tuple[str, str], Mapping[str, Any]] = {}
    beside: dict[str, list[str]] = {}
    for each in document["verdicts"]:
        rule, address, message = each["rule"], each["address"], each["message"]
        of[rule, address] = each
        if each["verdict"] == "error":
            # A plan that is only a part can prove no rule right.
            key = ANY if rule == GATE else rule
            beside.setdefault(key, []).append(f"not evaluated: {message}")
        elif each["verdict"] == "fail" and WITHHELD in address:
            # Checkov visits it by its real key, which policyscan tells nobody.
            beside.setdefault(rule, []).append(f"{address}: {message}")
    if document["errors"] and not beside:
        return not_evaluated(document["errors"][0])
    return Verdicts(of, beside)


def not_evaluated(why: str) -> Verdicts:
    """Of a plan that there are no verdicts on: every rule fails."""
    return Verdicts({}, {ANY: [f"not evaluated: {why}"]})


@contextmanager
def understood() -> Iterator[None]:
    """Raises NotEvaluatedError: an answer does not hold what is looked for in it."""
    try:
        yield
    except (AttributeError, KeyError, TypeError) as problem:
        raise NotEvaluatedError(
            f"`{shown(command())}` answers what this pack cannot read ({problem!r}): {SAME}"
        ) from problem


def asked(*arguments: str) -> Mapping[str, Any]:
    """The JSON that the command prints. Raises NotEvaluatedError: it prints none."""
    kind, *others = arguments
    words = [*command(), kind, "--format", "json", "--output", "-", *others]
    printed, said, code = run(words)
    try:
        document: Any = json.loads(printed)
    except ValueError:
        why = said or f"it printed no JSON and left with exit {code}"
        raise NotEvaluatedError(f"`{shown(words)}`: {why}") from None
    version = document.get("schema_version") if isinstance(document, dict) else None
    if version != SCHEMA_VERSION:
        raise NotEvaluatedError(
            f"`{shown(command())}` speaks schema {version!r}, this pack {SCHEMA_VERSION!r}: {SAME}"
        )
    return dict(document)


def run(words: list[str]) -> tuple[bytes, str, int]:
    """What a command prints, what it complains of, and its exit code.

    Raises NotEvaluatedError: it cannot be run, or takes too long.
    """
    seconds = os.environ.get(TIMEOUT, "300")
    # Files, not pipes: what a command has started may hold a pipe open when it is dead itself.
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        try:
            done = subprocess.run(  # noqa: S603 - the command is the user's own
                words,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                check=False,
                timeout=float(seconds),
                env={**os.environ, "PYTHONIOENCODING": "utf-8"},
            )
        except subprocess.TimeoutExpired:
            raise NotEvaluatedError(
                f"`{shown(words)}` took longer than {seconds} seconds: set {TIMEOUT}"
            ) from None
        except (OSError, ValueError) as problem:
            raise NotEvaluatedError(f"`{shown(words)}` cannot be run: {problem}") from None
        out.seek(0)
        err.seek(0)
        said = " ".join(err.read().decode(errors="replace").split())
        return out.read(), printable(said.removeprefix("policyscan: ")), done.returncode


def command() -> list[str]:
    """The words that start policyscan. Raises NotEvaluatedError: it is not to be found."""
    if given := os.environ.get(COMMAND):
        return [given] if Path(given).is_file() else shlex.split(given)
    found = next((each for each in places() if each.is_file()), None) or shutil.which("policyscan")
    if found is None:
        raise NotEvaluatedError(
            f"the command policyscan is not to be found: install it, or name it in {COMMAND}"
        )
    return [str(found)]


def places() -> Iterator[Path]:
    """Where the command is when this folder is in a checkout, or came with a package."""
    scripts, suffix = ("Scripts", ".exe") if os.name == "nt" else ("bin", "")
    if HERE.parent.name != "_pack":
        yield HERE.parents[1] / ".venv" / scripts / f"policyscan{suffix}"
        return
    # ENVIRONMENT/lib/python3.12/site-packages/policyscan/_pack/checkov_pack, one less on Windows.
    for environment in HERE.parents[4:6]:
        yield environment / scripts / f"policyscan{suffix}"


def shown(words: Iterable[str]) -> str:
    """A command line as one would type it."""
    return printable(shlex.join(words))


def printable(text: str) -> str:
    """The beginning of a text, without what a terminal would obey."""
    return "".join(each if each.isprintable() else " " for each in text)[:MOST_SAID]


def rules() -> tuple[list[Mapping[str, Any]], Callable[[str], Verdicts]]:
    """The rules to host, and where their verdicts come from."""
    try:
        document = asked("rules")
        with understood():
            wanted = (*KEYS, "types")
            return [{key: each[key] for key in wanted} for each in document["rules"]], verdicts_on
    except NotEvaluatedError as problem:
        why = not_evaluated(str(problem))
        rows = TABLE.read_text(encoding="utf-8").splitlines()
        return [dict(zip(KEYS, row.split("\t"), strict=True)) for row in rows], lambda _: why


def host() -> None:
    """Give every rule to Checkov, which executes this file again for each of its frameworks."""
    if resource_registry.get_check_by_id(GATE):
        return
    try:
        hosted, verdicts = rules()
    except Exception as problem:  # noqa: BLE001 - Checkov would go on without our rules
        why = not_evaluated(f"{type(problem).__name__}: {problem}")
        hosted, verdicts = [dict.fromkeys(KEYS, GATE)], lambda _: why
    for rule in hosted:
        HostedRule(rule, verdicts)


host()
