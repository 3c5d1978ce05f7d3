"""What attributes of planned instances come to, written down by hand beside each configuration.

`fixtures/graph/<name>/joins.yaml` is a list of

    - {from: ADDRESS, attribute: PATH, to: {ADDRESS: ATTRIBUTE, ...}}

`to` is the exact set of instances, and of the attribute of each, that flows into the one named.
"""

from __future__ import annotations

from dataclasses import dataclass

import yaml

from tests.graph.planned import FOLDER


@dataclass(frozen=True, slots=True)
class Join:
    """One attribute of one instance, and the (address, attribute) pairs it takes its value from."""

    fixture: str
    source: str
    attribute: str
    targets: frozenset[tuple[str, str]]

    def __str__(self) -> str:
        return f"{self.fixture}: {self.source} {self.attribute}"


def load_joins() -> tuple[Join, ...]:
    """Every join written down, in order of configuration and of writing."""
    return tuple(
        Join(file.parent.name, each["from"], each["attribute"], frozenset(each["to"].items()))
        for file in sorted(FOLDER.glob("*/joins.yaml"))
        for each in yaml.safe_load(file.read_text(encoding="utf-8"))
    )
