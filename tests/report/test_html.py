"""The page as a file: one, safe, the same for the same plan; and the places of what it draws."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from policyscan.cli.commands import run
from policyscan.engine import Settings, judge
from policyscan.engine.redact import nothing_secret
from policyscan.graph import ResourceGraph
from policyscan.plan import read_plan
from policyscan.report.formats import rendered
from policyscan.report.graph_selection import Kind, whole
from policyscan.report.graph_svg import render_graph_svg
from policyscan.report.html.layout import placed
from policyscan.report.html.network import network_scene
from policyscan.report.html.resources import resource_scene
from policyscan.report.html.scene import BAND, Arrow, Box, Cell, Scene
from policyscan.rule import Platform
from tests.benchmarks.blocks import block, change, document
from tests.benchmarks.html_pages import modular
from tests.report.graphs import keyed
from tests.report.hostile import PARTS
from tests.report.samples import PACK, ROOT, fixture, of_every_sort, report_of, scan_of

BROKEN = "fixtures/reference_broken/plan.json"


class _Parts(HTMLParser):
    """The tags of a page, and the text of each element that has one."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = dict(attrs).get("id") or tag

    def handle_endtag(self, tag: str) -> None:
        del tag
        self._open = ""

    def handle_data(self, data: str) -> None:
        self.texts[self._open] = self.texts.get(self._open, "") + data


def values(text: str) -> Any:
    """What the page shows, as its script reads it."""
    return json.loads(_Parts(text).texts["values"])


def test_it_is_one_file_that_names_nothing_elsewhere() -> None:
    tags = _Parts(rendered("html", report_of(fixture("reference_broken")))).tags
    assert [each for each in tags if {"src", "href", "action", "style"} & each[1].keys()] == [
        ("a", {"class": "skip", "href": "#told"})
    ]
    assert {tag for tag, _ in tags} & {"link", "img", "iframe", "base", "form"} == set()
    assert [name for _, each in tags for name in each if name.startswith("on")] == []


def test_its_policy_names_its_own_script_and_style_and_nothing_else() -> None:
    page = _Parts(rendered("html", of_every_sort()))
    (policy,) = (
        each["content"] or "" for tag, each in page.tags if "Content-Security" in str(each)
    )

    def digest(text: str) -> str:
        return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"

    assert dict(each.split(" ", 1) for each in policy.split("; ")) == {
        "default-src": "'none'",
        "script-src": digest(page.texts["script"]),
        "style-src": digest(page.texts["style"]),
        "base-uri": "'none'",
        "form-action": "'none'",
    }


@pytest.mark.parametrize("part", [each for each in PARTS if "\ud800" not in each])
def test_no_text_of_a_plan_is_in_the_markup(part: str) -> None:
    selection = whole(keyed([part]), Kind.TOLD)
    scan = scan_of(judge(keyed([part]), PACK, Settings()))
    text = rendered("html", report_of(scan))
    block = re.search(
        r'<script type="application/json" id="values">(.*?)</script>', text, re.DOTALL
    )
    assert block
    assert set(block[1]) & set("<>&") == set()
    plain = rendered("html", report_of(scan_of(judge(keyed(["a"]), PACK, Settings()))))
    assert text.replace(block[1], "") == re.sub(
        r'(id="values">).*?(</script>)', r"\1\2", plain, count=1, flags=re.DOTALL
    )
    # As a picture it is well-formed, and has no other elements than any.
    names = {each.tag for each in ET.fromstring(render_graph_svg(selection)).iter()}  # noqa: S314 - ours
    assert names <= {
        f"{{http://www.w3.org/2000/svg}}{each}"
        for each in ("svg", "style", "defs", "marker", "path", "rect", "g", "text", "title")
    }


def test_the_same_plan_makes_the_same_page_in_any_order() -> None:
    content = json.loads((ROOT / BROKEN).read_bytes())
    texts = set()
    for turned in (False, True):
        if turned:
            content["resource_changes"].reverse()
        plan = read_plan(json.dumps(content).encode(), "plan.json")
        outcome = judge(ResourceGraph(plan), PACK, Settings())
        texts.add(rendered("html", report_of(scan_of(outcome))))
    assert len(texts) == 1


def test_of_300_resources_it_stays_below_a_megabyte() -> None:
    plan = read_plan(json.dumps(modular(300)).encode(), "plan.json")
    scan = scan_of(judge(ResourceGraph(plan), PACK, Settings()))
    assert len(rendered("html", report_of(scan)).encode()) < 1_000_000


def test_a_finding_is_told_with_all_that_is_known_of_it() -> None:
    plans = values(rendered("html", of_every_sort()))["plans"]
    first = plans[0]["findings"][0]
    assert (first["rule"], first["severity"], first["place"]) == (
        "PS101",
        "critical",
        "infra/main.tf:3",
    )
    assert [each["address"] for each in first["path"]] == [
        "aws_ecs_service.s",
        "aws_ecr_repository.r",
    ]
    assert first["waiver"].splitlines()[:2] == ["- rule: PS101", "  address: aws_ecs_service.s"]
    assert [each["why"] for each in plans[0]["aside"]] == [
        "waived until 2027-01-31 by platform: kept elsewhere",
        "overruled by PS401: the policy keeps logs for seven days",
    ]
    assert [each["message"] for each in plans[0]["unknown"]] == ["the subnet is not known"]
    assert plans[2]["errors"] == ["c/plan.json: is no plan"]


# -- places ----------------------------------------------------------------------------------------


def overlaps(one: Box, other: Box) -> bool:
    return (
        one.left < other.left + other.width
        and other.left < one.left + one.width
        and one.top < other.top + other.height
        and other.top < one.top + one.height
    )


def misplaced(scene: Scene) -> Iterator[tuple[str, str]]:
    """Boxes that stick out of what they stand in, or lie over one beside them."""
    siblings: dict[int, list[Box]] = {}
    for box in scene.boxes:
        siblings.setdefault(box.parent, []).append(box)
    for parent, boxes in siblings.items():
        around = scene.boxes[parent] if parent >= 0 else None
        left, top = (around.left, around.top) if around else (0, 0)
        width, height = (around.width, around.height) if around else (scene.width, scene.height)
        for number, box in enumerate(boxes):
            is_inside = left <= box.left and box.left + box.width <= left + width
            if not (is_inside and top <= box.top and box.top + box.height <= top + height):
                yield box.cell.key, "out"
            for other in boxes[:number]:
                if overlaps(box, other):
                    yield box.cell.key, other.cell.key


@st.composite
def trees(draw: st.DrawFn) -> tuple[Cell, list[Arrow]]:
    """Up to forty leaves in containers up to three deep, and any arrows between any of them."""
    names = [str(number) for number in range(draw(st.integers(0, 40)))]

    def filled(some: list[str], depth: int) -> tuple[Cell, ...]:
        if depth == 0 or len(some) < 3:
            return tuple(Cell(each, "resource", each) for each in some)
        at = draw(st.integers(1, len(some) - 1))
        inner = Cell(
            f"m{some[0]}-{some[at - 1]} {depth}", "module", "m", cells=filled(some[:at], depth - 1)
        )
        return (inner, *filled(some[at:], depth - 1))

    ends = st.sampled_from(names) if names else st.nothing()
    pairs = draw(st.lists(st.tuples(ends, ends), max_size=60)) if names else []
    arrows = [Arrow(one, other, "value") for one, other in pairs if one != other]
    return Cell("", BAND, cells=filled(names, 3)), arrows


@settings(max_examples=60, deadline=None)
@given(trees())
def test_every_box_has_a_place_of_its_own_inside_its_container(
    drawn: tuple[Cell, list[Arrow]],
) -> None:
    root, arrows = drawn
    scene = placed(root, arrows)
    assert list(misplaced(scene)) == []
    assert len({box.cell.key for box in scene.boxes}) == len(scene.boxes)
    assert len(scene.lines) == len(arrows)
    assert all(box.parent < number for number, box in enumerate(scene.boxes))


def test_what_depends_stands_left_of_what_it_depends_on() -> None:
    names = ("a", "b", "c", "d")
    root = Cell("", BAND, cells=tuple(Cell(each, "resource", each) for each in names))
    scene = placed(root, [Arrow("a", "b", "value"), Arrow("b", "c", "value")])
    lefts = {box.cell.key: box.left for box in scene.boxes}
    assert lefts["a"] < lefts["b"] < lefts["c"]


@pytest.mark.parametrize("name", ["reference_broken", "variants/nested", "reference_phase_one"])
def test_the_plans_of_the_platform_have_their_place(name: str) -> None:
    outcome = fixture(name).outcome
    assert outcome
    for scene in (
        resource_scene(whole(outcome.platform.graph, Kind.TOLD)),
        network_scene(outcome.platform, nothing_secret()),
    ):
        assert list(misplaced(scene)) == []


# -- the network -----------------------------------------------------------------------------------


def network(name: str) -> Scene:
    path = ROOT / "fixtures" / name / "plan.json"
    return network_scene(
        Platform(ResourceGraph(read_plan(path.read_bytes(), path.name))), nothing_secret()
    )


def lines(scene: Scene) -> set[tuple[str, str, str]]:
    return {
        (scene.boxes[each.source].cell.title, scene.boxes[each.target].cell.title, each.kind)
        for each in scene.lines
    }


def test_what_is_made_up_has_a_sign_of_its_own() -> None:
    plan = document([change("aws_vpc.v")], {"resources": [block("aws_vpc.v")]})
    plan["policyscan_offline"] = {"stand_ins": ["aws_vpc.v"]}
    selection = whole(ResourceGraph(read_plan(json.dumps(plan).encode(), "p.json")), Kind.TOLD)
    assert [box.cell.tone for box in resource_scene(selection).boxes] == ["create, made up"]
    assert '<text class="glyph" x="20" y="27.5">?</text>' in render_graph_svg(selection)


def test_every_instance_of_a_finding_is_told_however_many_there_are() -> None:
    keys = range(300)
    plan = document(
        [change("aws_s3_bucket.logs", f"k{key}") for key in keys],
        {"resources": [block("aws_s3_bucket.logs")]},
    )
    graph = ResourceGraph(read_plan(json.dumps(plan).encode(), "p.json"))
    page = values(rendered("html", report_of(scan_of(judge(graph, PACK, Settings()), "p.json"))))
    (first, *_) = page["plans"][0]["findings"]
    named = {first["address"], *first["also"]}
    assert named == {f'aws_s3_bucket.logs["k{key}"]' for key in keys}
    assert first["waiver"].count("- rule:") == 200
    assert first["waiver"].endswith("# 100 more not named here: write a pattern with * for them\n")


def test_where_only_what_is_new_may_fail_that_comes_first() -> None:
    blocks = [block("aws_s3_bucket.stood"), block("aws_subnet.new")]
    changes = [change("aws_s3_bucket.stood"), change("aws_subnet.new")]
    plan = json.dumps(document(changes, {"resources": blocks})).encode()
    outcome = judge(ResourceGraph(read_plan(plan, "p.json")), PACK, Settings())
    aged = (
        replace(each, is_new=each.finding.address == "aws_subnet.new")
        for each in outcome.judgements
    )
    outcome = replace(outcome, judgements=tuple(aged), changed_only=True)
    told = values(rendered("html", report_of(scan_of(outcome, "p.json"))))["plans"][0]
    new = [each["new"] for each in told["findings"]]
    assert {True, False} == set(new)
    assert new == sorted(new, reverse=True)
    assert told["facts"][0] == "Only what is new may fail"
    undecided = sum(each["count"] for each in told["unknown"])
    assert f", {undecided} not decided" in told["verdict"]


def test_tiers_are_rows_and_zones_are_columns() -> None:
    document = json.loads((ROOT / BROKEN).read_bytes())
    # A zone without a NAT gateway has less in its public tier.
    lonely = 'aws_nat_gateway.this["us-east-1b"]'
    document["resource_changes"] = [
        each for each in document["resource_changes"] if not each["address"].endswith(lonely)
    ]
    plan = read_plan(json.dumps(document).encode(), "plan.json")
    scene = network_scene(Platform(ResourceGraph(plan)), nothing_secret())
    gateways = [box.cell.title for box in scene.boxes if box.cell.title.startswith("NAT ")]
    assert gateways == ['NAT this["us-east-1a"]']
    zones = [box for box in scene.boxes if box.cell.kind == "zone"]
    assert [box.cell.title for box in zones] == ["us-east-1a", "us-east-1b"]
    assert zones[0].left + zones[0].width < zones[1].left
    assert zones[0].top == zones[1].top
    for tier in ("public", "private"):
        tops = {box.top for box in scene.boxes if box.cell.kind == tier}
        assert len(tops) == 1, tier
    (public, *_), (private, *_) = (
        [box for box in scene.boxes if box.cell.kind == tier] for tier in ("public", "private")
    )
    assert public.top + public.height <= private.top


def test_a_service_stands_in_every_subnet_its_tasks_run_in() -> None:
    scene = network("reference")
    boxes = [box for box in scene.boxes if box.cell.kind == "service"]
    holders = {scene.boxes[box.parent].cell.address for box in boxes}
    assert holders == {
        f'module.network.aws_subnet.private["us-east-1{zone}"]' for zone in ("a", "b")
    }
    addresses = [box.cell.address for box in boxes]
    assert sorted(addresses) == sorted(2 * list(dict.fromkeys(addresses)))


def test_routes_and_connections_lead_where_rules_say() -> None:
    found = lines(network("reference"))
    assert {
        ('private["us-east-1a"]', 'NAT this["us-east-1a"]', "route"),
        ('public["us-east-1b"]', "internet gateway this", "route"),
        ("Internet", "load balancer this", "traffic"),
        ("load balancer this", 'service["fraud-detection"]', "traffic"),
    } <= found
    assert [each for each in found if each[2] == "blocked"] == []


def test_what_security_groups_keep_out_is_drawn_as_kept_out() -> None:
    document = json.loads((ROOT / "fixtures" / "reference" / "plan.json").read_bytes())
    for entry in document["resource_changes"]:
        if entry["address"] == "aws_vpc_security_group_ingress_rule.tasks_from_alb":
            entry["change"]["after"] |= {"from_port": 9, "to_port": 9}
    plan = read_plan(json.dumps(document).encode(), "plan.json")
    found = lines(network_scene(Platform(ResourceGraph(plan)), nothing_secret()))
    assert ("load balancer this", 'service["fraud-detection"]', "blocked") in found


def test_a_plan_without_subnets_has_no_network() -> None:
    assert network_scene(Platform(keyed([])), nothing_secret()) == Scene()


# -- the graph by itself ---------------------------------------------------------------------------


def test_only_what_fails_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    broken = str(ROOT / BROKEN)
    assert run(["graph", broken, "--failing", "-f", "json", "--replay", "never"]) == 0
    nodes = [each["address"] for each in json.loads(capsys.readouterr().out)["nodes"]]
    assert 'module.service["fraud-detection"].aws_ecs_service.this[0]' in nodes
    assert 'aws_ecr_repository.this["fraud-detection"]' in nodes
    assert "module.network.aws_vpc.this" not in nodes
    assert run(["graph", broken, "--failing", "--of", "aws_lb.this"]) == 2
    assert "--failing shows what fails" in capsys.readouterr().err


def test_the_page_of_a_graph_has_its_boxes_and_no_findings(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["graph", str(ROOT / BROKEN), "-f", "html", "--replay", "never"]) == 0
    (plan,) = values(capsys.readouterr().out)["plans"]
    assert "findings" not in plan
    assert len([each for each in plan["graph"]["boxes"] if each[0] == "resource"]) == 74
