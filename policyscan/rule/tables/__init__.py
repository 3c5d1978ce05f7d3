"""Facts about AWS and its provider that rules look up, one JSON file each.

Every table says where its facts come from (`source`) and when it was made (`date`):

- `destroyability`: `rows`, attributes that keep a resource, or what it held, past its destroy.
  `bad` is an operator and its operand, `unset` the value of an attribute nobody gave (`assumed`
  where the documentation does not say), `unless` a flag of the same resource that lifts it.
  `fills` marks what fills up outside Terraform, `symptom` is what AWS or the provider will say,
  `beside` is the attribute that names the snapshot a destroy would take. `good` is what to write
  where neither `bad` nor `unset` tells it; `whole` marks a resource that has to go as a whole.
- `fargate_sizes`: `sizes`, by CPU units the MiB of memory that go with them; `disputed`, sizes that
  sources disagree about; `windows`, the CPU units Windows tasks may have; `platform_versions`, the
  least platform version some CPU units need; `ephemeral_storage_gib`, its least and most.
- `managed_policies`: `policies`, by the last part of the ARN the statements of policies that AWS
  itself keeps and that tasks are given; Effect is Allow where none stands.
- `retention_days`: `days` a log group can keep, `never` for the value that keeps all.
- `name_attributes`: `types`, by type the attributes that hold its own name, the first one wins;
  `generated`, the types whose name the provider makes up when nobody gives one.
- `name_limits`: `rows`, what a name may be: its length from `least` to `most` (0: no text), the
  `pattern` of the whole ("" where none is known) and that `spelt` out in words, and whether the
  provider has `checked` it when there is a plan. `unique` within what the attributes `within` name,
  in a region if `regional`, `folded` when case does not matter.
- `taggable_types`: `types` whose tags the provider merges with its default_tags.
- `unscoped_actions`: `actions` of IAM, with wildcards, that know no resource but all.
- `unset_defaults`: `rows`, what an attribute comes to that nobody set: its `value`, or `says` where
  that is not one value. `computed` marks what a plan shows as known after apply although nobody
  will give it; `evidence` is where it was read.

`name_attributes` and `taggable_types` are made of the provider's schema by
`python -m policyscan.rule.tables.extract`. `make tables` checks them all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from policyscan.errors import PackError

FOLDER = Path(__file__).resolve().parent

_PARTS: Mapping[str, Mapping[str, type]] = {
    "destroyability": {"rows": list},
    "managed_policies": {"policies": dict},
    "fargate_sizes": {
        "sizes": dict,
        "disputed": dict,
        "windows": list,
        "platform_versions": dict,
        "ephemeral_storage_gib": list,
    },
    "name_attributes": {"types": dict, "generated": list},
    "name_limits": {"rows": list},
    "retention_days": {"days": list, "never": int},
    "taggable_types": {"types": list},
    "unscoped_actions": {"actions": list},
    "unset_defaults": {"rows": list},
}


@cache
def load_table(name: str) -> Mapping[str, Any]:
    """A table by its file's name without suffix, as the decoded object; read once, not to change.

    Raises PackError: no such table, or its file does not keep the shape of a table.
    """
    if name not in _PARTS:
        raise PackError(f"{FOLDER / name}.json: no such table; there are {', '.join(_PARTS)}")
    return read_table(FOLDER / f"{name}.json", _PARTS[name])


def read_table(path: Path, parts: Mapping[str, type]) -> Mapping[str, Any]:
    """Decode one table; `parts` are the types of its members beside source and date.

    Raises PackError: it cannot be read, is not JSON, or a member is missing, empty or of another
    type.
    """
    try:
        table = json.loads(path.read_bytes())
    except (OSError, ValueError) as problem:
        raise PackError(f"{path}: cannot be read as JSON: {problem}") from None
    if not isinstance(table, dict):
        raise PackError(f"{path}: a table is a JSON object")
    for member, kind in {"source": str, "date": str, **parts}.items():
        value = table.get(member)
        if type(value) is not kind or value in ("", [], {}):
            raise PackError(f"{path}: {member} must be a {kind.__name__} that is not empty")
    try:
        date.fromisoformat(table["date"])
    except ValueError:
        raise PackError(f"{path}: date must look like 2026-01-31") from None
    return table
