"""The file of waivers: what counts, what is told, what is refused; and what is added to it."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policyscan.engine import Waiver, Waivers
from policyscan.engine.waiver_file import LARGEST, addition, read_waivers
from policyscan.errors import ConfigError
from policyscan.report.schemas import FOLDER

GOOD = """# Why we live with it.
- rule: PS204
  address: module.web["a"].aws_lb.public[0]
  reason: It is the way in.
  owner: web
  expires: 2027-01-31
- {rule: "PS4*", address: "*", reason: old, owner: ops, expires: "2026-12-31"}
"""
SCHEMA = json.loads((FOLDER / "waivers.schema.json").read_text())
ONE = "- rule: PS204\n  address: aws_lb.a\n  reason: r\n  owner: o\n  expires: 2027-01-31\n"


def read(folder: Path, text: str | bytes) -> Waivers:
    path = folder / "waivers.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_waivers(path)


def test_each_item_is_a_waiver_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "waivers.yaml"
    assert read(tmp_path, GOOD) == Waivers(
        (
            Waiver(
                "PS204",
                ('module.web["a"].aws_lb.public[0]',),
                "It is the way in.",
                "web",
                date(2027, 1, 31),
                f"{path}:2",
            ),
            Waiver("PS4*", ("*",), "old", "ops", date(2026, 12, 31), f"{path}:7"),
        )
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("  owner: o\n", ""), "gives no owner"),
        (("  reason: r\n", ""), "gives no reason"),
        (("  expires: 2027-01-31\n", ""), "gives no expires"),
        (("reason: r", "reason: ' '"), "reason says nothing"),
        (("owner: o", "owner:"), "owner null is not a text"),
        (("owner: o", "owner: [o]"), 'owner ["o"] is not a text'),
        (("2027-01-31", "2027-02-30"), 'expires "2027-02-30" is no date, such as 2027-01-31'),
        (("2027-01-31", "31.1.2027"), 'expires "31.1.2027" is no date'),
        (("2027-01-31", "2027-1-31"), 'expires "2027-1-31" is no date'),
        (("2027-01-31", "2027-01-31 10:00:00"), "is no date"),
        (("2027-01-31", "20270131"), "expires 20270131 is no date"),
        (("2027-01-31", "never"), 'expires "never" is no date'),
        (("aws_lb.a", "aws_lb.a[bc]"), "address 'aws_lb.a[bc]' is no address"),
        (("aws_lb.a", "3"), "address '' is no address"),
        (("  owner", "  ownr: o\n  owner"), "ownr no key is called so; did you mean 'owner'?"),
    ],
)
def test_an_item_that_is_no_waiver_is_told_and_the_others_count(
    tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    found = read(tmp_path, ONE.replace(*change) + ONE)
    assert [each.place for each in found.given] == [f"{tmp_path}/waivers.yaml:{found_line(found)}"]
    [fault] = found.faults
    assert fault.startswith(f"{tmp_path}/waivers.yaml:1: a waiver that does not count: ")
    assert said in fault


def found_line(found: Waivers) -> str:
    return found.given[0].place.rpartition(":")[2]


def test_an_item_that_lacks_several_is_one_line(tmp_path: Path) -> None:
    [fault] = read(tmp_path, "- rule: PS204\n- PS204\n").faults[:1]
    assert fault.endswith("gives no address; gives no reason; gives no owner; gives no expires")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            ONE.replace("  owner: o\n", "  owner: o\n  owner: p\n"),
            ":5: not plain YAML: owner is giv",
        ),
        (
            ONE.replace("rule: PS204", "rule: &r PS204") + ONE.replace("PS204", "*r"),
            ":6: not plain",
        ),
        ("- &a {rule: x}\n- {<<: *a, owner: o}\n", ":2: not plain YAML: an alias; write out what"),
        ("- &a [*a]\n", ":1: not plain YAML: an alias"),
        ("waivers: []\n", ":1: is no list of waivers"),
        ("- rule: PS1\n\towner: o\n", ":2: not plain YAML"),
        ("- a\n---\n- b\n", "not plain YAML"),
        (ONE.replace("r\n", "ü\n", 1).encode("latin-1"), "cannot be read: it is not UTF-8"),
        (ONE.encode("utf-16"), "cannot be read: it is not UTF-8"),
        (b"- \x00", "not plain YAML"),
        ("[" * 9999, "not plain YAML"),
        ("#" * LARGEST + "\n", f"is larger than {LARGEST} bytes"),
        ("- !!python/object:os.system x\n", "not plain YAML"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line(
    tmp_path: Path, text: str | bytes, said: str
) -> None:
    with pytest.raises(ConfigError) as problem:
        read(tmp_path, text)
    [line] = problem.value.lines
    assert line.startswith(f"{tmp_path}/waivers.yaml")
    assert said in line


def test_many_names_for_one_list_are_not_written_out(tmp_path: Path) -> None:
    laughs = "\n".join(f"  - &a{n} [{','.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30))
    with pytest.raises(ConfigError, match="an alias"):
        read(tmp_path, f"- owner:\n  - &a0 [x]\n{laughs}\n")


@pytest.mark.parametrize("text", ["", "# none yet\n", "[]\n"])
def test_an_empty_file_waives_nothing(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text) == Waivers()


def test_a_byte_order_mark_and_windows_line_ends_do_not_matter(tmp_path: Path) -> None:
    windows = GOOD.replace("\n", "\r\n").encode("utf-8-sig")
    assert read(tmp_path, windows) == read(tmp_path, GOOD)


def test_the_published_schema_takes_what_policyscan_takes() -> None:
    item = {
        "rule": "PS204",
        "address": "aws_lb.a",
        "reason": "r",
        "owner": "o",
        "expires": "2027-01-31",
    }
    validator = jsonschema.Draft202012Validator(SCHEMA)
    assert validator.is_valid([item])
    assert validator.is_valid(None)
    for wrong in (
        item | {"expires": "31.1.2027"},
        item | {"owner": " "},
        item | {"until": "2027-01-31"},
        {key: item[key] for key in item if key != "reason"},
    ):
        assert not validator.is_valid([wrong])


TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@settings(deadline=None)
@given(st.sampled_from(["PS204", "PS4*", "no", "NET"]), TEXT, TEXT, TEXT)
def test_what_is_added_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rule: str, key: str, reason: str, owner: str
) -> None:
    folder = tmp_path_factory.mktemp("added")
    address = f"aws_lb.a[{json.dumps(key, ensure_ascii=False)}]"
    waiver = Waiver(rule, (address,), f"r{reason}".strip(), f"o{owner}".strip(), date.max, "")
    for before in ("", GOOD, GOOD.rstrip(), GOOD.replace("\n", "\r\n"), "  - a\n"):
        path = folder / "waivers.yaml"
        path.write_bytes((before + addition(before, waiver)).encode())
        [*_, last] = read_waivers(path).given
        found = (last.rule, last.addresses, last.reason, last.owner, last.expires)
        assert found == (rule, (address,), waiver.reason, waiver.owner, date.max)
