"""Facts about resource types that no provider schema says, one table a service.

Each row names its source. Paths are dotted names without indexes: `health_check.path`. Not
listed is what the plugin SDK does alike for every type, such as "" for a string left out in a set.
`tabulate.py` makes `probed.json` and `*.undecided.json`: rows of types that stand in no other
table, and the arguments newer than the provider that was probed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping  # msgspec resolves annotations at run time
from enum import StrEnum
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import yaml

from policyscan.errors import PlannerError
from policyscan.planner.schema.template import FILTERS, PLACEHOLDER

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_SOURCE = "registry.terraform.io/hashicorp"
EVERY_TYPE = "*"
"""The row whose facts hold for every resource type; it is merged into each of their rows."""
DATA_SOURCE = "data."
"""What the row of a data source begins with, as its address does."""
EVERYTHING = "*"
"""Among what is undecided: nobody has looked at the type at all."""


class Coverage(StrEnum):
    """How far the facts about a type reach."""

    FULL = "full"
    """Of each of its arguments it is known whether it has a default and whether it replaces."""
    PARTIAL = "partial"
    """All but some arguments, most of them new in the provider."""
    SCHEMA_ONLY = "schema only"
    """No more than the schema says."""


class TypeHints(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known about one resource type beyond its schema.

    source: where the facts are from.
    defaults: path -> value the provider plans when configuration leaves the attribute unset.
    unset: path -> what AWS says of an attribute that nobody set, where that is no default of the
      provider, and not empty: it makes no change.
    force_new: paths whose change replaces the resource.
    computed_blocks: paths of blocks that read unknown in a plan when unset.
    sensitive, write_only: paths of such attributes; `load_schema` marks them in the schema.
    applied: path -> what an attribute unknown in the plan is after apply, every string a template
      (see `policyscan.planner.schema.template`). A path that is not named here is null, or an
      empty collection: an optional attribute is never given an invented value.
    normalised: path -> how the provider rewrites the JSON document the attribute holds.
    only_if: path -> attribute -> values: the path's facts in `defaults`, `force_new`, `recomputed`
      hold only where each of these attributes has one of its values, if only by default.
    recomputed: attribute -> the attributes and blocks whose change makes it unknown on update.
    decided: paths of arguments, or of blocks with all that is in them, that have been looked up and
      need no other fact here ("*": of all); said of what no probe could decide.
    undecided: paths of arguments and blocks that nobody has looked up yet; never written by hand.
    """

    source: str
    defaults: Mapping[str, Any] = {}
    unset: Mapping[str, Any] = {}
    force_new: tuple[str, ...] = ()
    computed_blocks: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    write_only: tuple[str, ...] = ()
    applied: Mapping[str, Any] = {}
    normalised: Mapping[str, Literal["json", "iam_policy", "container_definitions"]] = {}
    only_if: Mapping[str, Mapping[str, tuple[Any, ...]]] = {}
    recomputed: Mapping[str, tuple[str, ...]] = {}
    decided: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()

    def of(self, config: Mapping[str, Any]) -> TypeHints:
        """The hints for one resource: those of other conditions left out."""
        left_out = {
            path
            for path, conditions in self.only_if.items()
            for name, values in conditions.items()
            if (config.get(name) or self.defaults.get(name)) not in values
        }
        if not left_out:
            return self
        return msgspec.structs.replace(
            self,
            defaults={path: self.defaults[path] for path in self.defaults if path not in left_out},
            force_new=tuple(path for path in self.force_new if path not in left_out),
            recomputed={path: self.recomputed[path] for path in self.recomputed.keys() - left_out},
        )

    @property
    def coverage(self) -> Coverage:
        """How far this row reaches."""
        if EVERYTHING in self.undecided:
            return Coverage.SCHEMA_ONLY
        return Coverage.PARTIAL if self.undecided else Coverage.FULL

    def __post_init__(self) -> None:
        for placeholder in PLACEHOLDER.finditer(json.dumps(self.applied)):
            if placeholder["filter"] and placeholder["filter"] not in FILTERS:
                raise ValueError(f"{placeholder[0]}: a filter is one of {', '.join(FILTERS)}")


def load_hints(provider: str) -> Mapping[str, TypeHints]:
    """Load resource type -> its hints, and the row "*", which stands for every type not named.

    A data source's row is keyed as its address begins: "data.aws_ssm_parameter".

    Paths of "*" that a type's schema lacks mean nothing for that type.
    Nothing is known of providers that are not HashiCorp's own.
    Raises PlannerError: a row is not in the shape of TypeHints, or stands in two tables.
    Example: load_hints("registry.terraform.io/hashicorp/aws")["aws_vpc"].applied["id"].
    """
    source, _, name = provider.rpartition("/")
    rows = _rows(name) if source == _SOURCE else {}
    common = rows.setdefault(EVERY_TYPE, TypeHints(source="nothing is known of this provider"))
    return {
        name: rows[name] if name.startswith(DATA_SOURCE) else _merge(common, rows[name])
        for name in sorted(rows)
    }


def _rows(name: str) -> dict[str, TypeHints]:
    """The rows of one of HashiCorp's providers, from all that lies here."""
    folder = files(__name__).joinpath(name)
    rows = read_folder(folder) if folder.is_dir() else {}
    beside = files(__name__).joinpath(f"{name}.newer.yaml")
    newer = _read_table(beside) if beside.is_file() else {}
    rows |= {name: _overlaid(rows.get(name), newer[name]) for name in newer}
    undecided = files(__name__).joinpath(f"{name}.undecided.json")
    if undecided.is_file():
        paths = msgspec.json.decode(undecided.read_bytes(), type=dict[str, tuple[str, ...]])
        rows |= {name: _less_decided(rows.get(name), paths[name]) for name in paths}
    return rows


def read_folder(folder: Traversable) -> dict[str, TypeHints]:
    """The rows of all tables in `folder`. Raises PlannerError: as `load_hints`."""
    rows: dict[str, TypeHints] = {}
    for table in sorted(folder.iterdir(), key=lambda table: table.name):
        found = _read_table(table)
        if twice := sorted(found.keys() & rows.keys()):
            raise PlannerError(f"{table}: {twice[0]} stands in another table too; keep one row")
        rows.update(found)
    return rows


def _read_table(table: Traversable) -> dict[str, TypeHints]:
    content = table.read_bytes()
    try:
        if table.name.endswith(".json"):
            return msgspec.json.decode(content, type=dict[str, TypeHints])
        return msgspec.convert(yaml.load(content, yaml.CSafeLoader), dict[str, TypeHints])
    except (yaml.YAMLError, msgspec.MsgspecError) as error:
        raise PlannerError(f"{table}: {' '.join(str(error).split())}; mend the row") from error


def _overlaid(row: TypeHints | None, newer: TypeHints) -> TypeHints:
    if row is None:
        return newer
    return msgspec.structs.replace(
        row,
        source=f"{row.source}; {newer.source}",
        defaults={**row.defaults, **newer.defaults},
        force_new=(*row.force_new, *newer.force_new),
        computed_blocks=(*row.computed_blocks, *newer.computed_blocks),
        sensitive=(*row.sensitive, *newer.sensitive),
        write_only=(*row.write_only, *newer.write_only),
        decided=newer.decided,
    )


def _less_decided(row: TypeHints | None, paths: tuple[str, ...]) -> TypeHints:
    """The row with those of `paths` undecided of which it says nothing."""
    row = row or TypeHints(source="schema")
    facts = {*row.defaults, *row.force_new, *row.applied}
    undecided = (
        path
        for path in paths
        if path not in facts and set(row.decided).isdisjoint([EVERYTHING, *_upwards(path)])
    )
    return msgspec.structs.replace(row, undecided=tuple(undecided))


def _upwards(path: str) -> list[str]:
    """The path and those of the blocks around it."""
    steps = path.split(".")
    return [".".join(steps[:depth]) for depth in range(1, len(steps) + 1)]


def _merge(common: TypeHints, own: TypeHints) -> TypeHints:
    return msgspec.structs.replace(
        own,
        defaults={**common.defaults, **own.defaults},
        force_new=tuple(sorted({*common.force_new, *own.force_new})),
        applied={**common.applied, **own.applied},
    )
