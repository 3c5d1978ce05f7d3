"""What a new rule and its fixtures start from; every `TO WRITE` waits for their author."""

from __future__ import annotations

from string import Template
from typing import Final

TO_WRITE: Final = "TO WRITE"
"""Stands wherever the author of a rule still has to say something."""

RULE: Final = Template('''"""TO WRITE: what every $type must be or have, in one sentence.

TO WRITE: what happens otherwise, when, and what AWS says to it.

## Why
TO WRITE: why nobody notices until it is too late.

## Fix
TO WRITE: what to change.

## When unknown
The argument is known only after apply. Give it a constant or a variable, or apply what it waits for
first.

## Source
TO WRITE: where it is said, for others to read.
"""

from __future__ import annotations

from collections.abc import Iterator

from policyscan.rule import (
    Finding,
    Known,
    Parameters,
    Phase,
    Platform,
    Resource,
    Rule,
    Severity,
    Step,
    Unknown,
    edit,
    fail,
    passed,
    undetermined,
)

RULE = Rule(
    id="$id",
    name="$name",
    group="$group",
    severity=Severity.$severity,
    title="TO WRITE: what holds when the rule passes",
    types=("$type",),
)

ARGUMENT = "tags"  # TO WRITE: the argument that decides


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:  # noqa: ARG001
    """One verdict for each resource that is there after the apply."""
    for resource in platform.graph.of_type(*RULE.types):
        if not resource.is_deleted:
            yield _judge(resource)


def _judge(resource: Resource) -> Finding:
    path = (Step(resource.address, ARGUMENT),)
    match resource.value(ARGUMENT):
        case Known() as value:
            return passed(resource.address, f"{ARGUMENT} is {value}", path=path)
        case Unknown():
            return undetermined(
                resource.address,
                f"{resource.address}.{ARGUMENT} is known only after apply: write it as a constant, "
                "or apply what it waits for first",
                path=path,
            )
        case _:
            return fail(
                resource.address,
                f"{resource.address} has no {ARGUMENT}: TO WRITE: and what comes of that",
                path=path,
                strikes=Phase.RUNTIME,
                fix=f"Set {ARGUMENT}.",
                snippet=edit(resource, f"{ARGUMENT} = VALUE"),
            )
''')

MAIN: Final = Template("""# TO WRITE: $task Then take this line out.
${provider}resource "$type" "$name" {
}
""")

PROVIDER: Final = """provider "aws" {
  region = "us-east-1"
}

"""

LATER: Final = """# Only the apply tells its output: use it for what a plan may leave open.
resource "terraform_data" "later" {
  input = "told by the apply"
}

"""

CASES: Final = {
    "pass": ("right", "$type as $id lets it through; one for each way to be right."),
    "fail": ("wrong", "$type as $id must not let it through; one for each way to be wrong."),
    "unknown": ("unsure", "$type of which the plan cannot tell; one for each thing left open."),
}
"""By case, what its resource is called and what the author has to write."""
