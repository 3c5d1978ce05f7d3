"""Large plans: what is not read of them is not decoded, and nothing else changes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from policyscan.errors import PlanError
from policyscan.plan import read_plan
from policyscan.plan.lean import LARGE, lean

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "fixtures" / "reference" / "plan.json"


def emptied(content: bytes) -> bytes:
    return lean(content, large=0)


def test_planned_values_are_emptied_and_the_rest_stands_byte_for_byte() -> None:
    content = b'{"a": 1, "planned_values" :\n {"x": {"y": "}"}}, "resource_changes": [{}]} '
    assert emptied(content) == (b'{"a": 1, "planned_values" :\n {}, "resource_changes": [{}]} ')


def test_a_key_of_that_name_elsewhere_is_left_alone() -> None:
    inner = '"variables": {"planned_values": {"value": {"z": 0}}}'
    text = f'{{{inner}, "planned_values": {{"x": 1}}, "resource_changes": [{{}}]}}'
    assert emptied(text.encode()) == text.replace('{"x": 1}', "{}").encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not JSON",
        b"[" * 100_000,
        b'{"planned_values": {"x": 1}}',
        b'{"planned_values": {"x": 1}, "resource_changes": []}',
        b'{"planned_values": {"x": 1}, "resource_changes": null}',
        b'{"planned_values": [1], "resource_changes": [{}]}',
        b'{"planned_values": {"x": NaN}, "resource_changes": [{}]}',
        b'note\n{"planned_values": {"x": 1}, "resource_changes": [{}]}',
        '{"planned_values": {"x": 1}, "resource_changes": [{}]}'.encode("utf-16"),
        b'{"resource_changes": [{}]}',
    ],
)
def test_what_has_not_both_in_plain_json_comes_back_as_it_is(content: bytes) -> None:
    assert emptied(content) is content


def test_a_small_plan_comes_back_as_it_is() -> None:
    content = REFERENCE.read_bytes()
    assert lean(content) is content
    assert emptied(content) != content


def test_a_key_given_twice_is_still_seen() -> None:
    twice = b'{"planned_values": {"x": 1}, "planned_values": {"x": 1}, "resource_changes": [{}]}'
    assert emptied(twice).count(b'"planned_values"') == 2


def large(document: dict[str, Any]) -> bytes:
    """The document with so much in a variable nobody reads that it counts as large."""
    document["variables"]["filler"] = {"value": "x" * LARGE}
    return json.dumps(document).encode()


def test_a_large_plan_reads_as_a_small_one() -> None:
    document = json.loads(REFERENCE.read_bytes())
    small = read_plan(json.dumps(document).encode(), "plan.json")
    read = read_plan(large(document), "plan.json")
    variables = {name: value for name, value in read.variables.items() if name != "filler"}
    assert replace(read, variables=variables, sha256=small.sha256) == small


def test_what_is_wrong_with_a_large_plan_is_said_of_the_file_as_it_is() -> None:
    content = large(json.loads(REFERENCE.read_bytes()))[:-1]
    with pytest.raises(PlanError, match=f"the file ends at byte {len(content)} "):
        read_plan(content, "plan.json")


MEASURE = """
import gc, re, sys
from pathlib import Path
from policyscan.plan import read_plan
from policyscan.plan.decode import read_bytes
gc.disable()
def peak():
    # Not ru_maxrss: that of whoever started this counts in it.
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024
before = peak()
content = read_bytes(sys.argv[1])
read_plan(content, "plan.json")
print((peak() - before) / len(content))
"""


def repeated(count: int) -> bytes:
    """The reference plan so many times over, each in a module of its own."""
    document = json.loads(REFERENCE.read_bytes())
    copies = []
    for number in range(count):
        for change in document["resource_changes"]:
            module = ".".join(
                filter(None, (f"module.copy[{number}]", change.get("module_address", "")))
            )
            address = f"module.copy[{number}].{change['address']}"
            copies.append({**change, "address": address, "module_address": module})
    document["resource_changes"] = copies
    inner = document["planned_values"]["root_module"]
    document["planned_values"]["root_module"] = {"child_modules": [inner] * count}
    return json.dumps(document).encode()


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells")
def test_reading_a_large_plan_takes_less_than_five_times_its_size(
    tmp_path: Path, record_property: Any
) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(repeated(300))
    assert path.stat().st_size > LARGE
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    times = float(done.stdout)
    size = path.stat().st_size / 2**20
    record_property(
        "figure", f"memory to read a plan of {size:.0f} MiB: {times:.1f} times its size"
    )
    assert times < 4.7
