"""A plan read in C is the plan read by the readers that explain, and refused in their words."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policyscan.errors import PlanError
from policyscan.plan import read_plan
from policyscan.plan.read import LARGE
from policyscan.plan.sound import sound_document
from tests.plan.test_shape import parts, plan

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "fixtures" / "reference" / "plan.json"
FIXTURES = sorted(ROOT.glob("fixtures/**/plan.json"))

Path_ = tuple[Any, ...]


def whole() -> dict[str, Any]:
    """A plan with everything that is read, and a state that tells more than its changes."""
    found = plan()
    kept = {"cidr_block": "10.1.0.0/16", "policy": '{"a": "<b>"}', "tags": {"a\\": '\\"'}}
    stays = {"actions": ["no-op"], "before": kept, "after": copy.deepcopy(kept)}
    vpc = {"address": "aws_vpc.kept", "type": "aws_vpc", "name": "kept", "mode": "managed"}
    marks = {
        "after_unknown": {},
        "after_sensitive": {"tags": {"a": True}},
        "replace_paths": [["a"]],
    }
    found["resource_changes"] += [{**vpc, "change": {**stays, **marks}}]
    later = {"actions": ["read"], "before": None, "after": {}, "after_unknown": {"id": True}}
    data = {"address": "data.aws_ami.a", "type": "aws_ami", "name": "a", "mode": "data"}
    found["resource_changes"] += [{**data, "change": later}]
    state = found["prior_state"]["values"]["root_module"]
    state["resources"] += [
        {**vpc, "values": kept, "sensitive_values": {}, "depends_on": ["aws_vpc.v"]},
        {**data, "values": {"id": "ami-1"}, "sensitive_values": {"id": True}},
    ]
    del found["planned_values"]
    return found


def outcome(content: bytes, *, large: int) -> str:
    """The plan in full, or how it is refused."""
    try:
        return repr(read_plan(content, "plan.json", large=large))
    except PlanError as refused:
        return f"refused: {refused}"


def assert_read_alike(content: bytes) -> str:
    explained = outcome(content, large=len(content) + 1)
    assert outcome(content, large=0) == explained
    return explained


def written(value: Any, twice: Path_ | None = None, other: Any = None) -> str:
    """Compact JSON; the member at the path `twice` is there again, with another value."""
    if isinstance(value, dict):
        members = []
        for key, member in value.items():
            inside = twice[1:] if twice and twice[0] == key else None
            members.append(f"{json.dumps(key)}:{written(member, inside or None, other)}")
            if inside == ():
                members.append(f"{json.dumps(key)}:{written(other)}")
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        insides = (twice[1:] if twice and twice[0] == i else None for i in range(len(value)))
        return (
            "[" + ",".join(written(v, i, other) for v, i in zip(value, insides, strict=True)) + "]"
        )
    return json.dumps(value)


MEMBERS = [path for path in parts(whole()) if isinstance(path[-1], str)]


def at(document: Any, path: Path_) -> Any:
    for step in path:
        document = document[step]
    return document


@pytest.mark.parametrize("file", FIXTURES, ids=lambda file: str(file.parent.relative_to(ROOT)))
def test_every_fixture_is_read_in_c_and_alike(file: Path) -> None:
    content = file.read_bytes()
    if json.loads(content).get("resource_changes"):
        assert sound_document(content) is not None
    assert not assert_read_alike(content).startswith("refused")


@pytest.mark.parametrize("layout", [{}, {"indent": 2}, {"separators": (",", ":")}])
def test_the_layout_does_not_matter(layout: dict[str, Any]) -> None:
    content = json.dumps(whole(), **layout).encode()
    assert sound_document(content) is not None
    assert assert_read_alike(content).count(" actions=(") == 6


@pytest.mark.parametrize("path", MEMBERS, ids=str)
def test_a_key_given_twice_is_seen_wherever_it_stands(path: Path_) -> None:
    for other in (at(whole(), path), None, {"a\\": 1}):
        content = written(whole(), path, other).encode()
        assert content.count(b'"') > json.dumps(whole()).count('"')
        assert sound_document(content) is None
        assert "given twice" in assert_read_alike(content)


ODD: tuple[Any, ...] = (
    None,
    True,
    1,
    2**70,
    1.0,
    "x",
    "",
    "1.2",
    "9.9",
    [],
    ["x"],
    [1],
    {},
    {"a": 1},
    [[{"a": 1}]],
)


@pytest.mark.parametrize("path", parts(whole()), ids=str)
def test_a_part_of_another_kind_is_read_or_refused_alike(path: Path_) -> None:
    for odd in ODD:
        document = whole()
        at(document, path[:-1])[path[-1]] = odd
        assert_read_alike(json.dumps(document).encode())


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6)
    | st.sampled_from(['":', '\\":', "\\", "\ud800", "<&>", "aws_vpc.v", "create", "x" * 70_000])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """The plan with one or two of its parts replaced or gone, a key twice, in some layout."""
    document = whole()
    for _ in range(draw(st.integers(0, 2))):
        path = draw(st.sampled_from(parts(document)))
        parent = at(document, path[:-1])
        if draw(st.booleans()):
            parent[path[-1]] = draw(VALUES)
        else:
            del parent[path[-1]]
    if draw(st.integers(0, 4)) == 0:
        places = [path for path in parts(document) if isinstance(path[-1], str)]
        return written(document, draw(st.sampled_from(places)), draw(VALUES)).encode()
    layout: dict[str, Any] = draw(st.sampled_from([{}, {"indent": 1}, {"separators": (",", ":")}]))
    text = json.dumps(document, **layout)
    if draw(st.booleans()):
        text = text.replace("<", "\\u003c").replace("&", "\\u0026")
    return (text + draw(st.sampled_from(["", "\n", " x", "}", "\nnote"]))).encode()


@settings(max_examples=300, deadline=None)
@given(documents())
def test_whatever_is_changed_in_a_plan_it_is_read_alike(content: bytes) -> None:
    assert_read_alike(content)


@pytest.mark.parametrize("levels", [200, 240, 246, 250, 254, 260, 2000])
@pytest.mark.parametrize("opening", ["[", '{"a":'])
@pytest.mark.parametrize("place", ["after", "variables", "child_modules"])
def test_what_is_nested_too_deeply_is_refused_alike(levels: int, opening: str, place: str) -> None:
    nested = opening * levels + "1" + ("]" if opening == "[" else "}") * levels
    document = whole()
    if place == "after":
        document["resource_changes"][0]["change"]["after"]["x"] = "HERE"
    elif place == "variables":
        document["variables"]["v"]["value"] = "HERE"
    else:
        modules = '{"child_modules":[' * levels + "]}" * levels
        document["prior_state"]["values"]["root_module"] = "HERE"
        nested = modules
    assert_read_alike(json.dumps(document).replace('"HERE"', nested).encode())


@pytest.mark.parametrize("levels", [10, 38, 45])
@pytest.mark.parametrize("inner", [100, 130, 170])
def test_depth_counts_modules_and_what_is_in_them(levels: int, inner: int) -> None:
    nested = "[" * inner + "]" * inner
    state = whole()
    eip = state["prior_state"]["values"]["root_module"]["resources"][0]
    state["prior_state"]["values"]["root_module"] = "HERE"
    resource = json.dumps({**eip, "values": {"x": "VALUE"}}).replace('"VALUE"', nested)
    modules = '{"child_modules":[' * levels + f'{{"resources":[{resource}]}}' + "]}" * levels
    assert_read_alike(json.dumps(state).replace('"HERE"', modules).encode())
    written = whole()
    written["configuration"]["root_module"] = "HERE"
    output = f'{{"outputs":{{"o":{{"expression":{{"constant_value":{nested}}}}}}}}}'
    calls = '{"module_calls":{"m":{"module":' * levels + output + "}}}" * levels
    assert_read_alike(json.dumps(written).replace('"HERE"', calls).encode())


def test_equal_marks_and_what_stays_are_one_object() -> None:
    document = whole()
    for each in document["resource_changes"]:
        each["change"]["after_unknown"] = {"id": True, "tags": [{"a": False}]}
    resources = read_plan(json.dumps(document).encode(), "plan.json", large=0).resources
    assert len({id(each.after_unknown) for each in resources if each.after_unknown}) == 1
    kept = next(each for each in resources if each.address == "aws_vpc.kept")
    assert kept.before is kept.after


def test_values_of_the_state_and_those_of_a_change_are_one_object() -> None:
    found = sound_document(json.dumps(whole()).encode())
    assert found is not None
    change = next(c for c in found["resource_changes"] if c["address"] == "aws_vpc.kept")["change"]
    resources = found["prior_state"]["values"]["root_module"]["resources"]
    assert any(each["values"] is change["before"] for each in resources)


def test_the_state_tells_what_a_change_does_not() -> None:
    for large in (0, LARGE):
        read = read_plan(json.dumps(whole()).encode(), "plan.json", large=large)
        found = {each.address: each for each in read.resources}
        assert found["data.aws_ami.a"].before == {"id": "ami-1"}
        assert found["aws_vpc.kept"].depends_on == ("aws_vpc.v",)
        assert found["aws_eip.e"].actions == ("no-op",)


def test_members_nobody_reads_and_escaped_keys_are_read_in_c_too() -> None:
    document = whole()
    state = document["prior_state"]["values"]["root_module"]["resources"]
    each = {"address": 'aws_vpc.each["a&b"]', "type": "aws_vpc", "name": "each", "index": "a&b"}
    change = {"actions": ["no-op"], "before": {"id": "v"}, "after": {"id": "v"}, "later": [1]}
    document["resource_changes"] += [{**each, "change": change, "later": {"a": 1}}]
    state += [{**each, "values": {"id": "v"}, "depends_on": [], "later": {"a": 1}}]
    content = json.dumps(document).replace("&", "\\u0026").encode()
    assert sound_document(content) is not None
    assert "a&b" in assert_read_alike(content)
    twice = content.replace(b'"later": {', b'"later": {"a": 2, ')
    assert "given twice" in assert_read_alike(twice)


def test_values_of_the_state_that_no_change_has_are_kept() -> None:
    """Old versions leave the key out of an address in the state, which may be that of another."""
    document = whole()
    for values in ({"id": "v"}, document["resource_changes"][-2]["change"]["before"]):
        state = document["prior_state"]["values"]["root_module"]["resources"]
        state[1] |= {"index": 0, "values": values}
        assert "aws_vpc.kept[0]" in assert_read_alike(json.dumps(document).encode())


def test_constants_that_are_equal_in_python_alone_are_told_apart() -> None:
    document = whole()
    written = document["configuration"]["root_module"]["resources"][0]["expressions"]
    for name, constant in (("a", 1), ("b", True), ("c", 1.0), ("d", None), ("e", False), ("f", 0)):
        written[name] = {"constant_value": constant}
    written["g"] = {"references": []}
    plan = read_plan(json.dumps(document).encode(), "plan.json", large=0)
    body = plan.configuration.resources["aws_vpc.v"].body.arguments
    shown = [repr(body[name].constant) for name in "abcdefg"]
    assert shown == [
        *(f"Known(value={value}, is_sensitive=False)" for value in (1, True, 1.0, None, False, 0)),
        "Absent()",
    ]


def test_planned_values_of_a_large_plan_are_passed_over() -> None:
    content = written({**whole(), "planned_values": {"x": {"y": 1}}}, ("planned_values", "x"), 2)
    assert sound_document(content.encode()) is not None
    twice = written({**whole(), "planned_values": {"x": 1}}, ("planned_values",), {})
    assert sound_document(twice.encode()) is None


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
