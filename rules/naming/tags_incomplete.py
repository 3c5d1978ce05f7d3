"""Everything that can be tagged must carry the required tags.

Tags are how costs find their project and how leftovers of an environment are found. A tag that is
missing on one resource is missing in every report that groups by it.

## Why
`default_tags` of the provider reaches everything that has a `tags` map, and nothing else: an Auto
Scaling group takes `tag` blocks. A resource made with another provider configuration has the tags
of that one. Keys differ by case: `environment` is no `Environment`, and both is a mistake.

## Fix
    provider "aws" {
      region = "us-east-1"
      default_tags {
        tags = {
          Environment = var.environmentSuffix
          Project     = "fraud-detection"
        }
      }
    }

Where the plan has a suffix variable, `PS802.environment_key` must be equal to it. A key that starts
with `aws:` is AWS's own, and a resource takes 50 tags at most: both fail in the apply.

## When unknown
One tag that is known only after apply makes all tags of its resource so. Give `--source-dir`, which
tells the other tags apart, or apply what it waits for first. What `default_tags` hold, other
resources of the same provider show.

## Source
AWS provider documentation, `default_tags`; Amazon EC2 User Guide, tag restrictions.
Which types can be tagged is in `policyscan/rule/tables/taggable_types.json`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

from policyscan.rule import (
    Absent,
    Certainty,
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
    Unknown,
    arguments,
    block,
    edit,
    fail,
    load_table,
    not_applicable,
    passed,
    quoted,
    undetermined,
)
from policyscan.rule.naming import SUFFIX_VARIABLES, Suffix, find_suffix
from policyscan.rule.tags import BLOCKS, TagReader, Tags

RULE = Rule(
    id="PS802",
    name="tags-incomplete",
    group="NAMING",
    severity=Severity.MEDIUM,
    title="Everything that can be tagged carries the required tags",
    types=("aws_*",),
    parameters=(
        Parameter("required", ("Environment", "Project"), "tag keys that must be there"),
        Parameter("environment_key", "Environment", "the tag that must be equal to the suffix"),
        SUFFIX_VARIABLES,
    ),
)

UNFOUND = "nothing fails: whoever looks by tag, for costs or for leftovers, does not find it"
MOST = 50
"""Tags on one resource. Source: Amazon EC2 User Guide, tag restrictions."""
REFUSED = f"the call is refused: aws: begins no key but AWS's own, and {MOST} tags are the most"


def check(platform: Platform, parameters: Parameters) -> Iterator[Finding]:
    """One verdict per AWS resource that stands after this plan."""
    standing = platform.standing("aws_")
    taggable = {*load_table("taggable_types")["types"], BLOCKS}
    reader = TagReader(platform.graph, standing)
    suffix = find_suffix(platform.plan, parameters["variables"])
    for resource in standing:
        if resource.type not in taggable:
            yield not_applicable(resource.address, f"an {resource.type} takes no tags")
        elif resource.type.startswith("aws_default_"):
            yield not_applicable(resource.address, "AWS made it, this plan only adopts it")
        else:
            required = parameters["required"]
            key = parameters["environment_key"]
            tags = reader.of(resource, (*required, key))
            expected = {key: suffix} if suffix is not None and suffix.value else {}
            yield _judge(resource, tags, required, expected)


def _judge(
    resource: Resource, tags: Tags, required: tuple[str, ...], expected: dict[str, Suffix]
) -> Finding:
    """`expected` is the suffix that the tag of a key must be equal to."""
    path = (Step(resource.address, tags.attribute),)
    # What a provider adds to the tags is written nowhere in the resource.
    own = "tag" if tags.attribute == "tag" else "tags"
    missing = [key for key in required if isinstance(tags.value(key), Absent)]
    wrong = [
        f"{key} is {value}, not {suffix} of {suffix.address}"
        for key, suffix in expected.items()
        if isinstance(value := tags.value(key), Known) and value.value != suffix.value
    ]
    problems = [f"{key} is missing{_near(key, tags)}" for key in missing] + wrong + _illegal(tags)
    if problems:
        return fail(
            resource.address,
            f"the tags of {resource.address}: {'; '.join(problems)}",
            path=path,
            at=own if missing or not wrong else f"{own}[{json.dumps(next(iter(expected)))}]",
            certainty=Certainty.PROVEN if tags.is_certain or wrong else Certainty.INFERRED,
            symptom=REFUSED if _is_refused(tags) else UNFOUND,
            strikes=Phase.APPLY if _is_refused(tags) else None,
            fix=_fix(missing, wrong, expected),
            snippet=_snippet(resource, missing, wrong, expected, tags),
            cause=_cause(resource, missing, tags),
        )
    open_keys = [
        key
        for key in dict.fromkeys((*required, *expected))
        if isinstance(tags.value(key), Unknown) and (key not in tags.values or key in expected)
    ]
    if open_keys:
        return undetermined(
            resource.address,
            f"{resource.address}.{tags.attribute} is known only after apply: {open_keys[0]} may be "
            f"missing or wrong; {tags.advice}",
            path=path,
            at=f"{own}[{json.dumps(open_keys[0])}]",
        )
    says = "it carries the required tags"
    return passed(resource.address, says, path=path, notes=_notes(resource), at=own)


def _near(key: str, tags: Tags) -> str:
    """A hint at a key that differs by case alone."""
    near = next((one for one in sorted(tags.values) if one.lower() == key.lower()), "")
    return f" (it has {_shown(near, tags)}, and case counts)" if near else ""


def _shown(key: str, tags: Tags) -> str:
    """A key fit for a message: tags may be sensitive as a whole."""
    value = tags.values[key]
    return str(Known(key, isinstance(value, Known) and value.is_sensitive))


def _illegal(tags: Tags) -> list[str]:
    """What AWS would not take, and keys that are one key to a person."""
    keys = sorted(tags.values)
    times = Counter(key.lower() for key in keys)
    twice = [key for key in keys if times[key.lower()] > 1]
    same = " and ".join(_shown(key, tags) for key in twice)
    reserved = [_shown(key, tags) for key in keys if key.lower().startswith("aws:")]
    found = [f"{same} differ by case alone"] if twice else []
    found += [f"{key} starts with aws:, which is AWS's own" for key in reserved]
    return found + ([f"{len(keys)} of them, and AWS takes {MOST}"] if len(keys) > MOST else [])


def _fix(missing: list[str], wrong: list[str], expected: dict[str, Suffix]) -> str:
    if missing:
        return f"give it {' and '.join(missing)}, or give them to all by default_tags"
    if wrong:
        return f"have {' and '.join(expected)} follow the variable"
    return f"keep each key once, none that starts with aws:, and {MOST} at most"


def _snippet(
    resource: Resource,
    missing: list[str],
    wrong: list[str],
    expected: dict[str, Suffix],
    tags: Tags,
) -> str:
    """The tags that are missing or wrong, else those that are legal."""
    values = {key: suffix.address for key, suffix in expected.items()}
    keys = missing or (list(expected) if wrong else [])
    pairs = {_key(key): values.get(key, quoted(key.upper())) for key in keys} or _legal(tags)
    if tags.attribute != "tag":
        return edit(resource, block("tags =", arguments(**pairs)))
    # The key of a block is a value, and no name.
    blocks = (
        block("tag", arguments(key=quoted(key), value=value, propagate_at_launch="true"))
        for key, value in pairs.items()
    )
    return edit(resource, "\n\n".join(blocks))


def _legal(tags: Tags) -> dict[str, str]:
    """The keys that AWS takes, each once however it is written; values are for the reader."""
    kept: dict[str, str] = {}
    for key in sorted(tags.values):
        if not key.lower().startswith("aws:"):
            kept.setdefault(key.lower(), _shown(key, tags))
    keys = [key for key in kept.values() if not key.startswith("(")][:MOST]
    return {_key(key): quoted("VALUE") for key in keys} or {"KEY": quoted("VALUE")}


def _key(key: str) -> str:
    """A key of a map as HCL writes it: quoted where it is no plain word."""
    return key if key.isidentifier() else quoted(key)


def _is_refused(tags: Tags) -> bool:
    """Whether AWS refuses the tags, and not only a person minds them."""
    return len(tags.values) > MOST or any(key.lower().startswith("aws:") for key in tags.values)


def _cause(resource: Resource, missing: list[str], tags: Tags) -> str:
    """What several findings share: a provider without these default_tags, else the block itself."""
    is_own = tags.attribute == "tag" or any(_near(key, tags) for key in missing)
    if is_own or not missing:
        return resource.block_address
    return f"provider {resource.provider_key} without {', '.join(missing)} in its default_tags"


def _notes(resource: Resource) -> tuple[Note, ...]:
    """What a service's tasks get of its tags."""
    if resource.type != "aws_ecs_service":
        return ()
    if resource.value("propagate_tags") in (Known("SERVICE"), Known("TASK_DEFINITION")):
        return ()
    return (Note(Level.INFO, 'its tasks carry no tags: propagate_tags = "SERVICE" would do it'),)
