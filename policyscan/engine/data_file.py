"""The file of `--data`: what data sources find, which nobody can look up offline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from policyscan.engine.form import Flaw, Form, Items, Named, Table, Text
from policyscan.errors import ConfigError

LARGEST: Final = 2**22
"""Bytes."""


class _Anything(Struct, frozen=True):
    """A value of any kind: the schema of its provider knows of which."""

    what: str

    def flaws(self, value: object) -> Iterator[Flaw]:  # noqa: ARG002 - as every form
        """There are none."""
        return iter(())

    @property
    def schema(self) -> dict[str, Any]:
        """All that JSON can be."""
        return {"description": self.what}


_FIELDS: Final[Mapping[str, Form]] = {
    "type": Text("The type of the data sources, such as aws_vpc.", may_be_blank=False),
    "match": Named(
        "The arguments a data source must have, for this to be its answer.",
        _Anything("Equal to the argument; of maps and blocks, to the part that is given."),
    ),
    "values": Named("What it finds.", _Anything("The value of an attribute.")),
    "file": Text(
        "In place of values, for aws_ip_ranges: a copy of the ip-ranges.json that AWS publishes, "
        "by its path from this file.",
        may_be_blank=False,
    ),
}
DATA_FORM: Final = Items(
    "What data sources find; the first answer that fits one is its answer.",
    Table("An answer.", _FIELDS, needed=("type",)),
)


class Given(Struct, frozen=True):
    """One answer of a file; `places` are `file:line` of its keys, as `values.id`.

    `file` is what its values are to be chosen from, where it gives none itself.
    """

    type: str
    match: Mapping[str, Any]
    values: Mapping[str, Any]
    place: str
    places: Mapping[str, str]
    file: Path | None = None


def read_data(path: Path) -> tuple[Given, ...]:
    """The answers of a file, in its order.

    Raises ConfigError: the file cannot be read, or a line for each thing that is wrong in it.
    """
    from policyscan.engine.yaml_file import read_yaml  # noqa: PLC0415 - yaml takes 40 ms

    try:
        size = path.stat().st_size
    except OSError as problem:
        raise ConfigError(f"{path}: cannot be read: {problem.strerror}") from None
    if size > LARGEST:
        raise ConfigError(f"{path}: is larger than {LARGEST} bytes; give what plans read alone")
    file = read_yaml(path, is_plain=True)
    if file.content is None:
        return ()
    if not isinstance(file.content, list):
        raise ConfigError(f"{path}:1: is no list of answers; start each with `- type:`")
    if flaws := (*DATA_FORM.flaws(file.content), *_ambiguous(file.content)):
        # The number of an answer says less than the line it stands on.
        told = ((file.place(each.path), ".".join(each.path[1:]), each.text) for each in flaws)
        raise ConfigError(*(": ".join(filter(None, each)) for each in told))
    return tuple(
        Given(
            content["type"],
            content.get("match") or {},
            content.get("values") or {},
            file.place((str(number),)),
            {
                f"{key}.{name}": file.place((str(number), key, name))
                for key in ("match", "values")
                for name in content.get(key) or ()
            },
            path.parent / content["file"] if "file" in content else None,
        )
        for number, content in enumerate(file.content)
    )


def _ambiguous(answers: list[Any]) -> Iterator[Flaw]:
    for number, answer in enumerate(answers):
        if not isinstance(answer, dict) or "type" not in answer:
            continue
        if "file" in answer and "values" in answer:
            yield Flaw((str(number), "file"), "stands beside values; leave one out")
        elif "file" in answer and answer["type"] != "aws_ip_ranges":
            yield Flaw((str(number), "file"), "answers aws_ip_ranges alone; give values")
        elif not {"file", "values"} & answer.keys():
            yield Flaw((str(number),), "gives no values")
