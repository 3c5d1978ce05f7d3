"""What a scan is set to where Checkov is concerned."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from policyscan.engine.form import Amount, Named, Switch, Table, Texts, Word
from policyscan.rule import Severity

CHECKOV: Final = "CHECKOV"
"""The group of all its checks, beside the groups of rules."""

EDGES: Final = ("corrected", "stock")
"""The edges its policies go by: those of our graph, or its own."""


class CheckovSettings(Struct, frozen=True):
    """Whether Checkov runs, None: where it is set up; and what it is asked.

    `check` and `skip` are as its own `--check` and `--skip-check`, `external_checks_dir` folders of
    the user's checks. `severity` is by id, or by a pattern of ids. `timeout` is in seconds.
    """

    run: bool | None = None
    edges: str = EDGES[0]
    check: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    external_checks_dir: tuple[str, ...] = ()
    severity: Mapping[str, Severity] = field(default_factory=dict)
    timeout: float = 600.0

    def is_set(self, check: str) -> bool:
        """Whether somebody said how bad a failure of a check is."""
        return any(fnmatchcase(check, pattern) for pattern in self.severity)

    def severity_of(self, check: str, own: str | None) -> Severity:
        """How bad a failure is: as the longest pattern sets it, else as Checkov says, else medium.

        Checkov learns severities from its platform, which is not asked, so it mostly knows none.
        """
        for pattern in sorted(self.severity, key=lambda each: (-len(each), each)):
            if fnmatchcase(check, pattern):
                return self.severity[pattern]
        word = (own or "").lower()
        return Severity(word) if word in set(Severity) else Severity.MEDIUM


def checkov_form() -> Table:
    """What a profile may say of Checkov."""
    words = tuple(map(str, Severity))
    return Table(
        "How Checkov is run beside the rules.",
        {
            "run": Switch("Whether it must run or not (default: it runs where it is set up)."),
            "edges": Word("Whose edges its policies go by.", EDGES),
            "check": Texts("Its checks, by id with *: these run, no others.", "CKV_AWS_*"),
            "skip": Texts("Its checks, by id with *, that do not run.", "CKV_AWS_158"),
            "severity": Named(
                "How bad it is where a check fails, by its id with *.",
                Word("A severity.", words),
            ),
            "timeout": Amount("Seconds after which it is ended."),
        },
    )


def configured_checkov_form() -> Table:
    """What a configuration file may say of it: that of a profile, and whose code to run."""
    form = checkov_form()
    folders = Texts("Folders of checks of your own, seen from this file.", "checks")
    return replace(form, fields={**form.fields, "external_checks_dir": folders})


def checkov_settings(said: Mapping[str, Any]) -> CheckovSettings:
    """The settings that a map of that form makes."""
    lists = ("check", "skip", "external_checks_dir")
    read: dict[str, Any] = {
        key: tuple(value) if key in lists else value for key, value in said.items()
    }
    if "severity" in said:
        read["severity"] = {key: Severity(word) for key, word in said["severity"].items()}
    return CheckovSettings(**read)
