"""What of a policy goes further than the least it could say."""

from __future__ import annotations

from functools import lru_cache

from policyscan.plan import Template
from policyscan.rule.policy import REMEMBERED, Statement, Text, matches
from policyscan.rule.tables import load_table

_PASS_ROLE = "iam:passrole"  # noqa: S105 - an action
_TO_SERVICE = "iam:passedtoservice"
_BROAD = ("AdministratorAccess", "PowerUserAccess")


def excess(statement: Statement) -> str:
    """Why a statement allows more than anything needs, "" when it does not.

    Conditions narrow a resource of `*`, except for handing on any role.
    """
    if not statement.allows:
        return ""
    if statement.excepts_actions:
        return "NotAction allows all actions but those it names"
    if statement.excepts_resources:
        return "NotResource allows all resources but those it names"
    whole = next((each for each in statement.actions if _is_whole(each)), None)
    if whole is not None:
        service = str(whole).rpartition(":")[0]
        return f"{whole} allows every action" + (f" of {service}" if service else "")
    return _on_everything(statement) if "*" in statement.resources else ""


def _is_whole(action: Text) -> bool:
    """Whether an action is all of a service, or all there are."""
    if not isinstance(action, str) or _is_unscoped(action):
        return False
    return action.rpartition(":")[2] == "*"


def _on_everything(statement: Statement) -> str:
    """Why a statement on every resource goes too far."""
    keys = {condition.key.lower() for condition in statement.conditions}
    for action in statement.actions:
        if isinstance(action, Template) or _is_unscoped(action):
            continue
        if matches(action.lower(), _PASS_ROLE) and _TO_SERVICE not in keys:
            return f"{action} on * hands any role to any service"
        if not keys:
            return f"{action} is allowed on every resource"
    return ""


def is_public(statement: Statement) -> bool:
    """Whether a resource's own policy lets anybody in, without a condition."""
    everybody = {("*", "*"), ("AWS", "*")}
    named: set[tuple[str, Text]] = set(statement.principals)
    has_all = statement.excepts_principals or bool(named & everybody)
    return statement.allows and has_all and not statement.conditions


def is_broad(arn: str) -> bool:
    """Whether a policy that AWS keeps gives all of a service, or more."""
    name = arn.rpartition("/")[2]
    return ":iam::aws:policy/" in arn and (name in _BROAD or name.endswith("FullAccess"))


@lru_cache(maxsize=REMEMBERED)
def _is_unscoped(action: str) -> bool:
    """Whether an action knows no resource but all."""
    known = load_table("unscoped_actions")["actions"]
    return any(matches(pattern.lower(), action.lower()) for pattern in known)
