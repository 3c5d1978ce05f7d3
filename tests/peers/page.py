"""What other scanners find of the fourteen defects, as a page; `make peers` writes it.

Nothing here runs a scanner. In `fixtures/fourteen_defects`, `expected.json` tells the defects,
`peers.json` holds what the scanners reported, and `reviewed.json`, written by a person, which check
of theirs speaks about which defect.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "fixtures" / "fourteen_defects"
PEERS = FOLDER / "peers.json"
PAGE = ROOT / "docs" / "peers.md"

_HEAD = """\
# Beside other scanners

The platform in [fixtures/fourteen_defects](../fixtures/fourteen_defects), {resources} resources, is
one that Terraform plans without a complaint. It is right but for fourteen things, each marked in
its source: ten keep its services from running, four are against the policy of our rules. policyscan
finds them by the plan alone and objects to nothing else there, as a test holds it to. The other
scanners ran on the same plan, with all the rules they bring:

{commands}

A finding counts for a defect where it stands on a resource the defect lies between, and where a
person, reading what its check says, found it to speak about the defect
([reviewed.json](../fixtures/fourteen_defects/reviewed.json)). These scanners look for other things,
for security above all. The table shows what they are not for; at what they are for they may well be
better.

`make peers` installs each into an environment of its own, runs it again and writes this page.
"""


@dataclass(frozen=True, slots=True)
class Defect:
    """A seeded defect, the addresses it lies between, and the rules of ours that find it."""

    number: int
    breaks: bool
    text: str
    at: tuple[str, ...]
    found_by: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Report:
    """What one check of a scanner objects to, and where."""

    check: str
    text: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Peer:
    """Another scanner, and all that it reports on the plan."""

    name: str
    version: str
    command: str
    reports: tuple[Report, ...]

    @property
    def findings(self) -> int:
        """How many findings it reports in all."""
        return sum(len(report.addresses) for report in self.reports)


@dataclass(frozen=True, slots=True)
class Review:
    """What a person made of a check that says `text`: the numbers of defects, 0 for none.

    It `finds` a defect when it objects to what is wrong, and `opposes` one when it asks for even
    more of that.
    """

    text: str
    finds: int = 0
    opposes: int = 0


Reviews = dict[tuple[str, str], Review]
"""By the name of the scanner and the id of the check."""


def defects() -> tuple[Defect, ...]:
    """The seeded defects in their order."""
    return tuple(
        Defect(
            each["number"],
            each["breaks"],
            each["defect"],
            tuple(each["at"]),
            {rule: tuple(addresses) for rule, addresses in each["found_by"].items()},
        )
        for each in _read("expected.json")["defects"]
    )


def stored_peers() -> tuple[Peer, ...]:
    """The scanners as they last ran."""
    return tuple(
        Peer(
            name,
            each["version"],
            each["command"],
            tuple(
                Report(report["check"], report["text"], tuple(report["addresses"]))
                for report in each["reports"]
            ),
        )
        for name, each in _read("peers.json")["scanners"].items()
    )


def configuration_digest() -> str:
    """Of the source as it is, to tell whether the scanners ran on what it plans."""
    sources = sorted(FOLDER.glob("*.tf"))
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()


def peers_json(peers: Iterable[Peer]) -> str:
    """What `stored_peers` reads back."""
    scanners = {
        peer.name: {
            "version": peer.version,
            "command": peer.command,
            "reports": [asdict(report) for report in peer.reports],
        }
        for peer in peers
    }
    document = {"configuration": configuration_digest(), "scanners": scanners}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def reviews() -> Reviews:
    """What `reviewed.json` says of each check."""
    return {
        (name, check): Review(**review)
        for name, checks in _read("reviewed.json").items()
        for check, review in checks.items()
    }


def planned() -> int:
    """How many resources the plan makes."""
    return sum(each["mode"] == "managed" for each in _read("plan.json")["resource_changes"])


def _read(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return document


def unreviewed(peers: Iterable[Peer], reviewed: Reviews) -> tuple[str, ...]:
    """The checks that reported something and that nobody reviewed as they read now."""
    return tuple(
        f"{peer.name} {report.check}: {report.text}"
        for peer in peers
        for report in peer.reports
        if (peer.name, report.check) not in reviewed
        or reviewed[peer.name, report.check].text != report.text
    )


def finding(defect: Defect, peer: Peer, reviewed: Reviews) -> tuple[str, ...]:
    """The checks of a scanner that find a defect, where it is."""
    return _on(defect, peer, {key for key, each in reviewed.items() if each.finds == defect.number})


def opposing(defect: Defect, peer: Peer, reviewed: Reviews) -> tuple[str, ...]:
    """The checks of a scanner that ask for even more of a defect, where it is."""
    opposed = {key for key, each in reviewed.items() if each.opposes == defect.number}
    return _on(defect, peer, opposed)


def _on(defect: Defect, peer: Peer, checks: set[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(
        report.check
        for report in peer.reports
        if (peer.name, report.check) in checks and not set(report.addresses).isdisjoint(defect.at)
    )


def page(
    seeded: tuple[Defect, ...], peers: tuple[Peer, ...], reviewed: Reviews, resources: int
) -> str:
    """The page in Markdown."""
    commands = "\n".join(f"- {peer.name} {peer.version}: `{peer.command}`" for peer in peers)
    titles = ("", "defect", "policyscan", *(f"{peer.name} {peer.version}" for peer in peers))
    ours = sum(len(addresses) for each in seeded for addresses in each.found_by.values())
    found = [sum(bool(finding(each, peer, reviewed)) for each in seeded) for peer in peers]
    rows = [
        *(
            (
                str(each.number),
                f"{'breaks' if each.breaks else 'policy'}: {each.text}",
                ", ".join(each.found_by),
                *(_cell(each, peer, reviewed) for peer in peers),
            )
            for each in seeded
        ),
        ("", f"found of {len(seeded)}", str(len(seeded)), *map(str, found)),
        ("", "findings in all", str(ours), *(str(peer.findings) for peer in peers)),
    ]
    parts = [_HEAD.format(resources=resources, commands=commands), "\n".join(_table(titles, rows))]
    for peer in peers:
        reported = [(each.check, each.text, str(len(each.addresses))) for each in peer.reports]
        parts += [f"\n## What {peer.name} reports\n", "\n".join(_table(_REPORTED, reported))]
    return "\n".join(parts) + "\n"


_REPORTED = ("check", "says", "times")


def _cell(defect: Defect, peer: Peer, reviewed: Reviews) -> str:
    if found := finding(defect, peer, reviewed):
        return ", ".join(found)
    opposed = opposing(defect, peer, reviewed)
    return f"asks for the opposite: {', '.join(opposed)}" if opposed else "-"


def _table(titles: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    for cells in (titles, ("---",) * len(titles), *rows):
        yield f"| {' | '.join(cells)} |"
