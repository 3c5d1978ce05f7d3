"""Every name must carry the environment suffix.

Two environments in one account are told apart by their names alone. The first resource whose name
does not carry the suffix is the one whose second creation fails, or, where names need not be
unique, the one that somebody deletes in the wrong environment.

## Why
A constant name works in the first environment. So does one with `dev` written into it, until the
suffix is something else.

## Fix
    resource "aws_ecs_cluster" "this" {
      name = "fraud-${var.environmentSuffix}"
    }

What the rule looks at is the attribute that holds a resource's own name (`name`, `family`,
`function_name`, ...), or its prefix; for what has none, the tag `Name`. The suffix has to be a word
of its own in it, or its end when it is four characters or longer. `PS801.variables` says which
variable holds the suffix, `PS801.exempt` what goes without.

Not judged: inline policies of a role that carries the suffix, Cloud Map services of a namespace
that does, and what has no name. A name that the provider makes up fails with low severity.

## When unknown
The name is known only after apply, and what it is built of does not lead to the suffix variable.
Give `--source-dir` where a local is in between, or build the name of the variable itself.

## Source
The conventions of the platform; which attribute is a name is in
`policyscan/rule/tables/name_attributes.json`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import translate
from typing import Any

from policyscan.rule import (
    ABSENT,
    Finding,
    Known,
    Level,
    Note,
    Parameter,
    Parameters,
    Phase,
    Platform,
    Resource,
    Rule,
    Severity,
    Step,
    edit,
    fail,
    not_applicable,
    passed,
    quoted,
    replace,
    undetermined,
)
from policyscan.rule.naming import (
    SUFFIX_VARIABLES,
    Name,
    Suffix,
    SuffixFlow,
    find_suffix,
    own_name,
    words,
)

RULE = Rule(
    id="PS801",
    name="environment-suffix-missing",
    group="NAMING",
    severity=Severity.HIGH,
    title="Every name carries the environment suffix",
    types=("aws_*",),
    parameters=(
        SUFFIX_VARIABLES,
        Parameter(
            "exempt",
            (
                "aws_api_gateway_stage",
                "aws_apigatewayv2_stage",
                "aws_cloudwatch_log_stream",
                "aws_lambda_alias",
                "aws_route53_record",
                "aws_route53_zone",
                "aws_s3_bucket_*",
                "aws_sfn_alias",
            ),
            "types or addresses that go without, as globs: DNS names, and names inside a parent",
        ),
    ),
)

ENVIRONMENTS = ("dev", "development", "prod", "production", "stage", "staging")
PARENTS = {
    "aws_iam_group_policy": ("group",),
    "aws_iam_role_policy": ("role",),
    "aws_iam_user_policy": ("user",),
    "aws_service_discovery_service": ("namespace_id", "dns_config[0].namespace_id"),
}
"""What a name is inside of: it need not carry the suffix when its parent does."""


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:
    """One verdict per AWS resource that stands after this plan."""
    suffix = find_suffix(platform.plan, parameters["variables"])
    if suffix is None:
        wanted = ", ".join(parameters["variables"])
        note = Note(Level.INFO, f"none of the variables {wanted} is in the root module")
        yield not_applicable("(plan)", "there is no suffix that names could carry", notes=(note,))
        return
    names = _Names(platform, suffix)
    globs = "|".join(map(translate, parameters["exempt"]))
    is_exempt = re.compile(globs or "(?!)").match
    for resource in platform.standing("aws_"):
        name = own_name(resource)
        if name is None:
            yield not_applicable(resource.address, "it has no name of its own")
        elif is_exempt(resource.type) or is_exempt(resource.address):
            yield not_applicable(resource.address, "exempt by PS801.exempt")
        else:
            yield names.judge(resource, name)


class _Names:
    """The names of one plan, and the suffix they have to carry."""

    def __init__(self, platform: Platform, suffix: Suffix) -> None:
        self._graph = platform.graph
        self._suffix = suffix
        self._flow = SuffixFlow(platform.graph, suffix)
        self._given_words = {
            word
            for value in platform.plan.variables.values()
            if isinstance(value, Known)
            for word in words(str(value.value))
        }

    def judge(self, resource: Resource, name: Name) -> Finding:
        """The verdict on one resource."""
        if any(self._is_inside(resource, each) for each in PARENTS.get(resource.type, ())):
            return not_applicable(resource.address, "its name is inside one with the suffix")
        if isinstance(name.value, Known) and self._suffix.value:
            return self._judge_known(resource, name, name.value)
        if name.is_generated:
            return self._made_up(resource, name)
        return self._judge_flow(resource, name)

    def _is_inside(self, resource: Resource, attribute: str) -> bool:
        """Whether the parent that an attribute names carries the suffix."""
        value = resource.value(attribute)
        if isinstance(value, Known) and self._suffix.is_in(str(value.value)):
            return True
        return any(
            (name := own_name(parent := self._graph.resource_of(target))) is not None
            and self._carries(parent, name)
            for target in self._graph.resolve(resource, attribute).targets
        )

    def _carries(self, resource: Resource, name: Name) -> bool:
        if isinstance(name.value, Known) and self._suffix.value:
            return self._suffix.is_in(str(name.value.value))
        return self._flow.into(resource, name).carries is True

    def _judge_known(self, resource: Resource, name: Name, value: Known) -> Finding:
        rest = self._suffix.without(str(value.value))
        if rest is None and name.is_generated:
            return self._made_up(resource, name)
        if rest is None:
            return self._fail(resource, name, f"is called {value}, without {self._suffix}")
        if (word := self._other_environment(rest)) is not None:
            shown = replace(value, value=word)
            return self._fail(
                resource,
                name,
                f"has {shown} written into its name, and the suffix is {self._suffix}",
                fix=f"leave {shown} out of its {name.attribute}: {self._suffix.address} tells the "
                "environment",
                snippet=edit(resource, self._line(resource, name, "NAME")),
            )
        expressions = resource.expressions(name.attribute)
        constants = [each for _, each in expressions if not each.references]
        chance = f"it is a constant: it does not follow {self._suffix.address}"
        return passed(
            resource.address,
            f"its name carries {self._suffix}",
            path=(Step(resource.address, name.attribute),),
            notes=(Note(Level.WARNING, chance),) if constants else (),
        )

    def _other_environment(self, rest: str) -> str | None:
        """The word for another environment in a name, unless a variable brought it in."""
        suffix = self._suffix.value.lower()
        for word in rest.split("-"):
            is_one = word in ENVIRONMENTS and word not in self._given_words
            if is_one and not (word.startswith(suffix) or suffix.startswith(word)):
                return word
        return None

    def _judge_flow(self, resource: Resource, name: Name) -> Finding:
        flow = self._flow.into(resource, name)
        path = (Step(resource.address, name.attribute), *flow.path)
        variable = self._suffix.address
        if flow.carries:
            return passed(resource.address, f"{variable} flows into its name", path=path)
        if flow.carries is None:
            join = ", or" if flow.why.endswith(self._graph.advice) else ";"
            return undetermined(
                resource.address,
                f"{resource.address}.{name.attribute} does not show {variable}: {flow.why}{join} "
                f"build the name of {variable} itself",
                path=path,
            )
        return self._fail(resource, name, f"has a name without {variable}", path=path)

    def _made_up(self, resource: Resource, name: Name) -> Finding:
        says = f"has no {name.attribute}: the provider makes one up, without {self._suffix.address}"
        return self._fail(resource, name, says, severity=Severity.LOW)

    def _fail(self, resource: Resource, name: Name, says: str, **details: Any) -> Finding:
        is_unique = not isinstance(name.value, Known) or name.attribute.endswith("_prefix")
        if is_unique or name.attribute == "tags.Name":
            effect = "nobody can tell which environment it belongs to"
            details["symptom"] = "nothing fails: somebody deletes it in the wrong environment"
        else:
            effect = "a second environment in this account may clash with it"
            details |= {"symptom": "...AlreadyExists", "strikes": Phase.APPLY}
        details.setdefault("path", (Step(resource.address, name.attribute),))
        details.setdefault("fix", f"put {self._suffix.address} into its {name.attribute}")
        details.setdefault("snippet", edit(resource, self._line(resource, name)))
        details["cause"] = resource.block_address
        return fail(resource.address, f"{resource.address} {says}: {effect}", **details)

    def _line(self, resource: Resource, name: Name, text: str = "") -> str:
        """The argument with the suffix put in, before the first dot: a domain or `.fifo` stays."""
        attribute, part = name.attribute, f"${{{self._suffix.address}}}"
        if not resource.is_written(attribute) and resource.is_written(f"{attribute}_prefix"):
            attribute = f"{attribute}_prefix"
        value = ABSENT if name.is_generated else resource.value(attribute)
        if not text and isinstance(value, Known) and not value.is_sensitive:
            text = quoted(str(value.value))[1:-1]
        text = text or "NAME"
        if attribute.endswith("_prefix"):
            return f'{attribute} = "{text.rstrip("-")}-{part}-"'
        stem, dot, rest = text.partition(".")
        line = f'"{stem}-{part}{dot}{rest}"'
        return (
            f"tags = {{ Name = {line} }}" if attribute == "tags.Name" else f"{attribute} = {line}"
        )
