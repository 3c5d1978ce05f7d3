"""The page in a real browser: what people see, click, type and print."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser

from policyscan.cli.commands import run
from policyscan.engine.waiver_file import read_waivers
from policyscan.report.formats import rendered
from tests.benchmarks.blocks import block, change, document, modules
from tests.report.browser import Opened, chromium, opened
from tests.report.hostile import strings
from tests.report.samples import every_sort, of_every_sort, outcome_of, report_of, scan_of
from tests.report.test_hostile_texts import findings as hostile_findings

ROOT = Path(__file__).resolve().parents[2]
FRAUD = 'module.service["fraud-detection"]'
SERVICE = f"{FRAUD}.aws_ecs_service.this[0]"
WIDE = """[...drawing.shapes].filter(([at, shape]) =>
  [...shape.querySelectorAll(':scope > text')].some((text) => {
    const place = text.getBBox();
    return place.x + place.width > drawing.scene.boxes[at][7];
  })).map(([at]) => drawing.scene.boxes[at][2])"""
"""What has a text wider than its box."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def broken(terraform: None, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001
    """The page of the broken twin, which has two critical and two medium findings."""
    path = tmp_path_factory.mktemp("pages") / "broken.html"
    plan = ROOT / "fixtures" / "reference_broken" / "plan.json"
    assert run([str(plan), "-f", f"html={path}", "--exit-zero"]) == 0
    return path


@pytest.fixture
def page(browser: Browser, broken: Path) -> Iterator[Opened]:
    """That page, opened; whatever a test does with it, nothing is asked for and nothing breaks."""
    with opened(browser, broken) as one:
        yield one
        assert one.trouble == []


def titles(page: Opened) -> list[str]:
    """The findings that are listed: rule and address."""
    return [" ".join(each.split()) for each in page.texts("#findings .title")]


def chosen(page: Opened) -> list[str]:
    return [" ".join(each.split()) for each in page.texts('.title[aria-expanded="true"] .who')]


def way(page: Opened) -> list[str]:
    """The boxes that stand out, by what is written in them, in the order of their numbers."""
    script = """[...document.querySelectorAll('.over .on:has(.order)')].map(
      (box) => [box.querySelector('.order').textContent, drawing.scene.boxes[box.dataset.at][2]])"""
    return [name for _, name in sorted(page.eval(script))]


def test_at_first_sight_it_says_what_fails_why_where_and_how_to_mend_it(page: Opened) -> None:
    seen = page.page.locator("body").inner_text()
    assert page.texts("h1") == ["2 critical, 2 medium"]
    assert [each for each in titles(page) if each.startswith("PS101")] == [
        f"PS101 image-not-pushed critical {SERVICE}",
        (
            'PS101 image-not-pushed critical module.service["transaction-processor"]'
            ".aws_ecs_service.this[0]"
        ),
    ]
    assert chosen(page) == [SERVICE]
    for part in ("CannotPullContainerError", "infra/modules/service/main.tf:59", "Two phases"):
        assert part in seen
    assert page.texts(".source mark") == [
        "task_definition         = aws_ecs_task_definition.this[0].arn"
    ]


def test_the_way_of_the_chosen_finding_stands_out_and_the_rest_fades(page: Opened) -> None:
    assert way(page) == [
        SERVICE,
        f"{FRAUD}.aws_ecs_task_definition.this[0]",
        'aws_ecr_repository.this["fraud-detection"]',
    ]
    assert page.page.locator(".veil").count() == 1
    # All of it is on the screen.
    pane = page.page.locator(".drawing").bounding_box()
    for box in page.page.locator(".over .on").all():
        place = box.bounding_box()
        assert pane
        assert place
        assert pane["x"] <= place["x"]
        assert place["x"] + place["width"] <= pane["x"] + pane["width"]
        assert pane["y"] <= place["y"]
        assert place["y"] + place["height"] <= pane["y"] + pane["height"]


def test_filters_leave_what_is_asked_for(page: Opened) -> None:
    page.page.click("text=More filters")
    page.page.click("button.pill:has-text('medium')")
    assert {each.split()[0] for each in titles(page)} == {"PS603"}
    page.page.click("button.pill:has-text('medium')")
    page.page.select_option("select >> nth=0", "PS101")
    assert {each.split()[0] for each in titles(page)} == {"PS101"}
    page.page.select_option("select >> nth=1", FRAUD)
    assert titles(page) == [f"PS101 image-not-pushed critical {SERVICE}"]
    assert page.names(".box.leaf[role]:not(.off)") == [f"{SERVICE}, create, 1 finding"]
    page.page.select_option("select >> nth=2", "read")
    assert titles(page) == []
    assert "4 findings filtered out" in page.page.locator("#findings").inner_text()


def test_search_finds_findings_and_resources_by_address(page: Opened) -> None:
    page.page.fill("#search", "Aws_S3")
    assert titles(page) == []
    page.page.click("#matches button:has-text('aws_s3_bucket.artifacts')")
    assert page.texts("#panel h2") == ["aws_s3_bucket.artifacts"]
    assert "aws_s3_bucket_public_access_block.artifacts" in page.texts("#panel .place")
    page.page.fill("#search", "image-tag")
    assert {each.split()[0] for each in titles(page)} == {"PS603"}


def test_a_link_leads_to_its_finding(browser: Browser, broken: Path) -> None:
    address = f"{FRAUD}.aws_ecs_task_definition.this[0]"
    with opened(browser, broken, f"#PS603/{quote(address)}") as page:
        assert chosen(page) == [address]
        assert way(page)[0] == address
        page.eval(f"location.hash = {json.dumps('#PS101/' + quote(SERVICE))}")
        page.page.wait_for_selector("#finding-0 .body")
        assert chosen(page) == [SERVICE]
        for wrong in ("#PS101/%E0%A4", "#nothing", "#7/PS101/x", "#PS999/aws_s3_bucket.b"):
            page.eval(f"location.hash = {json.dumps(wrong)}")
        page.wait("document.getElementById('lost')")
        assert "PS999 at aws_s3_bucket.b, which is not among" in page.texts("#lost")[0]
        page.page.click("#finding-1 .title")
        assert page.eval("location.hash").startswith("#PS101/module.service%5B%22transaction")
        assert page.trouble == []


def test_everything_is_reached_by_keys_alone(page: Opened) -> None:
    keys = page.page.keyboard
    keys.press("j")
    assert chosen(page) == ['module.service["transaction-processor"].aws_ecs_service.this[0]']
    keys.press("k")
    assert chosen(page) == [SERVICE]
    keys.press("g")
    focus = "document.activeElement.querySelector('title').textContent"
    assert page.eval(focus).startswith(f"{SERVICE}, create")
    keys.press("ArrowRight")
    assert page.eval(focus).startswith(f"{FRAUD}.")
    assert SERVICE not in page.eval(focus)
    keys.press("Enter")
    assert len(page.texts("#panel h2")) == 1
    keys.press("Escape")
    assert page.texts("#panel h2") == []
    keys.press("Escape")
    assert (chosen(page), page.page.locator(".veil").count()) == ([], 0)
    keys.press("n")
    assert page.page.locator(".box.vpc").count() == 1
    keys.press("/")
    keys.type("PS603")
    assert {each.split()[0] for each in titles(page)} == {"PS603"}
    keys.press("Escape")
    keys.press("?")
    assert page.page.locator("dialog[open]").count() == 1
    keys.press("Escape")
    assert page.page.locator("dialog[open]").count() == 0


def test_tab_goes_through_everything_and_is_never_caught(page: Opened) -> None:
    page.page.focus(".skip")
    met = []
    for _ in range(60):
        page.page.keyboard.press("Tab")
        met.append(
            page.eval(
                "document.activeElement.className?.baseVal ?? document.activeElement.className"
            )
        )
        if page.eval("document.activeElement === document.body"):
            break
    assert page.eval("document.activeElement === document.body")
    assert any("drawing" in each for each in met)
    assert any("box" in each for each in met)


def test_modules_open_and_close(page: Opened) -> None:
    page.page.keyboard.press("Escape")
    every = page.page.locator(".box.leaf").count()
    page.page.click("text=Close all")
    assert sorted(page.names(".box.closed")) == [
        "module.network, 20 resources",
        'module.service["fraud-detection"], 14 resources, 2 findings',
        'module.service["transaction-processor"], 14 resources, 2 findings',
    ]
    page.page.focus(".box.closed >> nth=1")
    page.page.keyboard.press("Enter")
    assert page.page.locator(".box.closed").count() == 2
    # A finding opens what it is in.
    page.page.click("text=Close all")
    page.page.click("#finding-0 .title")
    assert way(page)[0] == SERVICE
    page.page.click("text=Open all")
    assert page.page.locator(".box.leaf[role]").count() == every


def test_the_wheel_zooms_at_the_pointer_and_dragging_moves(page: Opened) -> None:
    page.page.keyboard.press("Escape")
    page.page.click("text=Fit")
    box = page.page.locator(".drawing").bounding_box()
    assert box is not None
    view = "document.querySelector('.drawing').getAttribute('viewBox').split(' ').map(Number)"
    before = page.eval(view)
    page.page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.page.mouse.wheel(0, -400)
    page.wait(f"{view}[2] < {before[2] * 0.9}")
    after = page.eval(view)
    share = 100 / box["width"]
    assert after[0] + share * after[2] == pytest.approx(before[0] + share * before[2], abs=1)
    page.page.mouse.down()
    page.page.mouse.move(box["x"] + 200, box["y"] + 100)
    page.page.mouse.up()
    assert page.eval(view)[0] < after[0]


def test_what_moves_is_moved_as_a_whole_and_drawn_anew_in_the_same_place(page: Opened) -> None:
    place = """(() => { const box = drawing.shapes.get(drawing.path[0]).getBoundingClientRect();
      return [box.x, box.y, box.width]; })()"""
    view = "drawing.svg.getAttribute('viewBox')"
    before, drawn = page.eval(place), page.eval(view)
    page.eval("drawing.move(-30, 20), drawing.zoom(1.2, 10, 10)")
    assert page.eval(view) == drawn
    gliding = page.eval(place)
    assert gliding[2] == pytest.approx(1.2 * before[2], rel=0.01)
    page.wait("!drawing.slide.hasAttribute('style')")
    assert page.eval(view) != drawn
    assert page.eval(place) == pytest.approx(gliding, abs=1)
    # Where nothing has been drawn yet, nobody waits for rest.
    page.eval("drawing.zoom(1 / 6)")
    assert page.eval("drawing.slide.hasAttribute('style')") is False
    assert page.eval(
        "[...drawing.shapes.values()].every((e) => e.getAttribute('display') !== 'none')"
    )


def test_the_network_shows_zones_tiers_and_who_reaches_whom(page: Opened) -> None:
    page.page.click("#view-network")
    told = page.eval(
        """drawing.scene.lines.map(([from, to, kind, label]) => [
          drawing.scene.boxes[from][3], drawing.scene.boxes[to][3], kind, label])"""
    )
    assert ["Internet", "load balancer this", "traffic", "tcp 80"] in told
    assert ["load balancer this", 'service["fraud-detection"]', "traffic", "tcp 8080"] in told
    assert ['private["us-east-1a"]', 'NAT this["us-east-1a"]', "route", "default route"] in told
    holders = page.eval(
        """drawing.scene.boxes.map((box) => [box[0], (drawing.scene.boxes[box[9]] || [])[3]])"""
    )
    assert ["public", "us-east-1a"] in holders
    assert ["private", "us-east-1b"] in holders
    assert ["zone", "module.network.aws_vpc.this"] in holders


def test_no_text_of_the_drawings_lies_over_another_or_leaves_its_box(page: Opened) -> None:
    assert page.eval(WIDE) == []
    page.page.keyboard.press("Escape")
    page.page.click("#view-network")
    assert page.eval(WIDE) == []
    over = """(() => {
      const texts = [...document.querySelectorAll('.drawing text')];
      const places = new Map(texts.map((text) => [text, text.getBoundingClientRect()]));
      const met = (a, b) => a.left < b.right && b.left < a.right
        && a.top + 2 < b.bottom && b.top + 2 < a.bottom;
      return texts.filter((text) => text.classList.contains('port')).flatMap((port) => texts
        .filter((text) => text !== port && met(places.get(port), places.get(text)))
        .map((text) => text.textContent));
    })()"""
    assert page.page.locator(".port").count() > 4
    assert page.eval(over) == []


def test_titles_stay_in_their_boxes_from_afar(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "graph.html"
    plan = str(ROOT / "fixtures" / "reference_broken" / "plan.json")
    run(["graph", plan, "--of", "aws_lb.this", "--depth", "2", "-f", "html", "-o", str(path)])
    with opened(browser, path, viewport={"width": 400, "height": 800}) as page:
        assert page.page.locator(".far .frame").count() > 1
        assert page.eval(WIDE) == []
        assert page.trouble == []


def test_a_copied_waiver_counts_once_it_is_filled_in(
    browser: Browser, broken: Path, tmp_path: Path
) -> None:
    allowed = ["clipboard-read", "clipboard-write"]
    with opened(browser, broken, permissions=allowed) as page:
        page.page.click("text=Copy as waiver")
        page.wait("document.getElementById('said').textContent === 'Waiver copied'")
        text = page.eval("navigator.clipboard.readText()")
        assert page.trouble == []
    file = tmp_path / "waivers.yaml"
    file.write_text(text)
    assert read_waivers(file).given == ()
    file.write_text(text.replace("YYYY-MM-DD", "2027-01-31"))
    (waiver,) = read_waivers(file).given
    assert (waiver.rule, waiver.addresses) == ("PS101", (SERVICE,))


def test_on_paper_every_finding_is_told_in_full(page: Opened) -> None:
    page.eval("dispatchEvent(new Event('beforeprint'))")
    page.page.emulate_media(media="print")
    assert len(page.texts(".card .message")) == 4
    assert page.texts(".filters, .bar, .tools, .actions") == []
    paper = page.page.pdf(format="A4")
    assert paper.startswith(b"%PDF")
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b", paper)) <= 12


def test_printing_leaves_filters_as_they_were(page: Opened) -> None:
    page.page.fill("#search", "PS603")
    page.eval("dispatchEvent(new Event('beforeprint'))")
    assert page.page.locator("details:not([open])").count() == 0
    page.eval("dispatchEvent(new Event('afterprint'))")
    assert page.page.input_value("#search") == "PS603"
    assert {each.split()[0] for each in titles(page)} == {"PS603"}
    assert page.page.locator("details[open]").count() == 0
    assert len(page.texts(".card .message")) == 0


def test_dark_and_light_by_the_system_and_by_hand(browser: Browser, broken: Path) -> None:
    light = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)[0] > 127"
    for scheme, is_light in (("dark", False), ("light", True)):
        with opened(browser, broken, color_scheme=scheme) as page:
            assert page.eval(light) is is_light
            page.page.click("text=Dark or light")
            assert page.eval(light) is not is_light


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser: Browser, broken: Path, scheme: str) -> None:
    with opened(browser, broken, color_scheme=scheme) as page:
        page.eval("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        assert page.violations() == []
        page.page.click("#view-network")
        page.page.click(".over .box.service >> nth=0")
        assert len(page.texts("#panel h2")) == 1
        assert page.violations() == []


def test_a_narrow_screen_has_nothing_beside_the_screen(browser: Browser, broken: Path) -> None:
    with opened(browser, broken, viewport={"width": 400, "height": 800}) as page:
        assert page.eval("document.documentElement.scrollWidth") <= 400


def test_several_plans_one_of_them_refused(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "several.html"
    path.write_text(rendered("html", of_every_sort()))
    with opened(browser, path) as page:
        assert page.page.locator("#plans option").count() == 3
        page.page.select_option("#plans", "2")
        assert "c/plan.json: is no plan" in page.page.locator("#told").inner_text()
        page.page.select_option("#plans", "1")
        told = page.page.locator("#told").inner_text()
        assert "1 verdict not decided" in told
        assert "2 set aside" in told
        assert "the subnet is not known" not in told
        page.page.click("text=1 verdict not decided")
        assert "the subnet is not known" in page.page.locator("#told").inner_text()
        page.page.click("text=Copy link")
        assert page.eval("location.hash").startswith("#2/PS101/")
        assert page.trouble == []


def test_of_several_plans_one_that_fails_is_seen_first(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "several.html"
    passed = [each for each in every_sort() if each.verdict == "pass"]
    scans = (scan_of(outcome_of(passed), "a.json"), scan_of(outcome_of(every_sort()), "b.json"))
    path.write_text(rendered("html", report_of(*scans)))
    with opened(browser, path) as page:
        assert page.texts(".word")[0].split() == ["✕", "FAIL"]
        page.page.click(".counts button")
        assert "the subnet is not known" in page.page.locator("#unknown[open]").inner_text()
        page.page.select_option("#plans", "0")
        assert page.texts(".word")[0].split() == ["✓", "PASS"]
        assert page.trouble == []


def test_a_plan_without_failures_says_so(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "clean.html"
    passed = [each for each in every_sort() if each.verdict == "pass"]
    path.write_text(rendered("html", report_of(scan_of(outcome_of(passed)))))
    with opened(browser, path) as page:
        assert page.texts(".word")[0].split() == ["✓", "PASS"]
        assert page.violations() == []
        assert page.trouble == []


def test_a_thousand_hostile_strings_stay_text(browser: Browser, tmp_path: Path) -> None:
    every = strings(1_000)
    path = tmp_path / "hostile.html"
    foreign = (
        "img, iframe, object, embed, link, base, video, audio, details details, a:not([class])"
    )
    for at in range(0, len(every), 200):
        told = [each for text in every[at : at + 200] for each in hostile_findings(text)]
        path.write_text(rendered("html", report_of(scan_of(outcome_of(told), "p.json"))))
        with opened(browser, path) as page:
            page.eval("dispatchEvent(new Event('beforeprint'))")
            assert page.eval("document.querySelectorAll('.card .message').length") == len(
                page.eval("findings()")
            )
            assert page.page.locator(foreign).count() == 0
            assert page.page.locator("script").count() == 2
            assert (
                page.eval(
                    "[...document.querySelectorAll('*')].some((e) => e.hasAttribute('style'))"
                )
                is False
            )
            assert page.trouble == []


def test_what_would_get_in_all_the_same_does_not_run(browser: Browser, broken: Path) -> None:
    with opened(browser, broken) as page:
        page.eval("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=alert(1)>')")
        page.eval(
            "document.body.append(Object.assign(document.createElement('script'),"
            " {textContent: 'document.title = 1'}))"
        )
        page.page.wait_for_timeout(100)
        assert [each for each in page.said if each.startswith("dialog")] == []
        assert page.eval("document.title") != "1"
        assert any("Content Security Policy" in each for each in page.said)


def test_a_link_leads_to_each_of_many_instances(browser: Browser, tmp_path: Path) -> None:
    plan, path = tmp_path / "plan.json", tmp_path / "many.html"
    changes = [change("aws_s3_bucket.logs", f"k{key}") for key in range(300)]
    plan.write_text(json.dumps(document(changes, {"resources": [block("aws_s3_bucket.logs")]})))
    run([str(plan), "--no-source", "-f", f"html={path}", "--exit-zero"])
    last = 'aws_s3_bucket.logs["k299"]'
    with opened(browser, path, f"#PS702/{quote(last)}") as page:
        assert chosen(page) == ['aws_s3_bucket.logs["k0"] and 299 more']
        assert page.texts("#panel h2") == [last]
        page.page.fill("#search", "k299")
        assert any(each.startswith("PS702") for each in titles(page))
        assert "and 99 more instances" in page.page.locator("#finding-0").inner_text()
        assert page.trouble == []


def test_a_large_plan_begins_with_its_modules_closed(browser: Browser, tmp_path: Path) -> None:
    plan, path = tmp_path / "plan.json", tmp_path / "large.html"
    plan.write_text(json.dumps(modules(1_000)))
    run([str(plan), "--no-source", "-f", f"html={path}", "--exit-zero"])
    with opened(browser, path) as page:
        assert "modules are closed" in page.page.locator("#drawn").inner_text()
        # One holds what is chosen.
        assert page.page.locator(".box.closed").count() == 99
        page.page.click("text=Open all")
        assert page.page.locator(".box.leaf[role]").count() == 1_000
        assert page.trouble == []
