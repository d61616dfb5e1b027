"""Reports in a real browser: nothing overlaps, everything opens, nothing is asked for, in light and in dark."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from flowing import Flow, current, task
from flowing.results import StepState
from flowing.views.diagram import diagram_of
from flowing.views.html import html
from flowing.views.palette import DARK, LIGHT, Palette
from flowing.views.tooltip import tooltip
from tests.browser.geometry import MEASURE, Area, meetings
from tests.unit.views.drawn import gallery

if TYPE_CHECKING:
    from flowing.shell.observers import Observation
    from tests.browser.chromium import Browser, Site

PICTURES = gallery()


def opened(chromium: Browser, pages: Site, source: str) -> None:
    pages.pages["/report.html"] = source.encode()
    chromium.open(f"{pages.address}/report.html")


@pytest.mark.parametrize("name", PICTURES)
def test_no_box_and_no_text_overlaps_another(name: str, chromium: Browser, pages: Site) -> None:
    opened(chromium, pages, html(PICTURES[name]))
    seen = chromium.run(MEASURE)
    boxes = [Area(*each["box"]) for each in seen["boxes"]]
    assert len(boxes) == len(diagram_of(PICTURES[name]).boxes)
    assert meetings(boxes) == []
    for box, each in zip(boxes, seen["boxes"], strict=True):
        texts = [Area(*text) for text in each["texts"]]
        assert meetings(texts) == []
        assert [text for text in texts if not box.holds(text)] == []
    for words in seen["words"]:
        assert meetings([Area(*each) for each in words]) == []
    around = [Area(*each) for each in seen["words"][0]]
    assert [(one.said, box.said) for one in around for box in boxes if one.meets(box)] == []


def test_what_overlaps_is_found_out(chromium: Browser, pages: Site) -> None:
    """Control: the same page with a box moved onto another, and with text that is too wide for its box."""
    opened(chromium, pages, html(PICTURES["fan"]))
    chromium.run(
        """const [one, other] = document.querySelectorAll("g.fl-task");
           one.setAttribute("transform", `translate(${other.getBBox().x - one.getBBox().x} 0)`);
           one.setAttribute("transform", one.getAttribute("transform").replace(" 0)",
             ` ${other.getBBox().y - one.getBBox().y})`));
           const texts = document.querySelectorAll("g.fl-task text");
           texts[texts.length - 1].textContent = "W".repeat(60);"""
    )
    seen = chromium.run(MEASURE)
    boxes = [Area(*each["box"]) for each in seen["boxes"]]
    assert len(meetings(boxes)) == 1
    assert not boxes[-1].holds(Area(*seen["boxes"][-1]["texts"][-1]))


@pytest.mark.parametrize("name", ["fan", "folded", "detached"])
def test_each_box_has_its_tooltip_where_it_is_pointed_at(name: str, chromium: Browser, pages: Site) -> None:
    opened(chromium, pages, html(PICTURES[name]))
    said = chromium.run(
        """return [...document.querySelectorAll("g.fl-task")].map(each => {
             each.scrollIntoView({block: "center", inline: "center"});
             const area = each.getBoundingClientRect();
             const found = document.elementFromPoint(area.left + area.width / 2, area.top + area.height / 2);
             return found.closest("g").querySelector(":scope > title").textContent; });"""
    )
    shown = PICTURES[name]
    expected = [tooltip(shown, box) for box in diagram_of(shown).boxes]
    assert [each.splitlines()[1:2] for each in said] == [each.splitlines()[1:2] for each in expected]
    assert len(set(said)) == len(said)


def sample() -> tuple[Flow, list[Observation]]:
    """Run a flow in which everything happens that a report can show."""

    @task(retry=2, retry_backoff_base_ms=40)
    def fetch_orders() -> list[int]:
        current().sleep(0.04)
        if current().attempt < 3:
            message = "connection refused by <host> & co"
            raise ConnectionError(message)
        return list(range(100))

    @task
    def fetch_customers() -> dict[str, int]:
        current().sleep(0.07)
        return {"a": 1}

    def price(region: str, orders: list[int], customers: dict[str, int]) -> str:
        current().sleep(0.03)
        if region == "east":
            message = f"no such region: {region}"
            raise ValueError(message)
        return region * 100

    regions = [
        task(
            lambda fetch_orders, fetch_customers, region=region: price(region, fetch_orders, fetch_customers),
            name=f"price_{region}",
            depends_on=[fetch_orders, fetch_customers],
        )
        for region in ("north", "south", "east", "west")
    ]
    total = task(
        lambda price_north, price_west: current().sleep(0.05), depends_on=[regions[0], regions[3]], name="total"
    )
    world = task(lambda total, price_east: None, depends_on=[total, regions[2]], name="total_of_the_world")
    audit = task(lambda: current().sleep(0.02), after=[regions[0], regions[1]], name="audit")
    letter = task(lambda total: None, depends_on=[total], when=lambda total: False, name="letter")
    mail = task(lambda total: current().sleep(0.03), depends_on=[total], detached=True, name="mail")
    metrics = task(lambda fetch_orders: 1 / 0, depends_on=[fetch_orders], detached=True, name="push_metrics")
    flow = Flow(world, audit, letter, mail, metrics, max_workers=2, fail_fast=False)
    heard: list[Observation] = []
    with flow.subscribe(heard.append) as subscription:
        flow.run()
        assert subscription.drain(60)
    return flow, heard


def test_details_open_and_show_the_traceback(chromium: Browser, pages: Site, tmp_path: Path) -> None:
    flow, heard = sample()
    flow.to_html(tmp_path / "report.html", title="orders", events=heard)
    opened(chromium, pages, (tmp_path / "report.html").read_text("utf-8"))
    count, before, after, said = chromium.run(
        """const all = [...document.querySelectorAll("details")];
           const heights = () => all.map(each => each.getBoundingClientRect().height);
           const before = heights();
           all.forEach(each => each.querySelector("summary").click());
           return [all.length, before, heights(), document.querySelector("pre").innerText];"""
    )
    assert count == 4  # two failures, and what was not run for two reasons
    assert all(later > earlier + 20 for earlier, later in zip(before, after, strict=True))
    assert "ValueError: no such region: east" in said
    assert f'File "{Path(__file__)}' in said


@pytest.mark.parametrize("by_file", [True, False])
def test_nothing_is_asked_for_but_the_page(by_file: bool, chromium: Browser, pages: Site, tmp_path: Path) -> None:
    """From a disk, and from a server."""
    source = html(PICTURES["layered"])
    (tmp_path / "report.html").write_text(source, encoding="utf-8")
    pages.pages["/report.html"] = source.encode()
    address = (tmp_path / "report.html").as_uri() if by_file else f"{pages.address}/report.html"
    chromium.requests()
    pages.asked.clear()
    chromium.open(address)
    chromium.run("document.querySelectorAll('summary').forEach(each => each.click());")
    assert {each for each in chromium.requests() if each != "data:,"} == {address}
    assert set(pages.asked) == (set() if by_file else {"/report.html"})


def test_a_request_is_found_out_and_the_policy_stops_it(chromium: Browser, pages: Site) -> None:
    """Control: an image is asked for in a page without the policy, and not in one with it."""
    source = html(PICTURES["one"]).replace("</main>", '<img src="/spy.png"></main>')
    for page, expected in ((source, False), (source.replace("Content-Security-Policy", "x-nothing"), True)):
        pages.asked.clear()
        opened(chromium, pages, page)
        assert ("/spy.png" in pages.asked) is expected


@pytest.mark.parametrize(("scheme", "palette"), [("light", LIGHT), ("dark", DARK)])
def test_it_follows_the_reader_into_the_dark(
    scheme: str, palette: Palette, chromium: Browser, pages: Site, tmp_path: Path
) -> None:
    """Pictures are left in the folder that FLOWING_PICTURES names, to be looked at."""
    folder = Path(os.environ.get("FLOWING_PICTURES") or tmp_path)
    flow, heard = sample()
    flow.to_html(tmp_path / "report.html", title="orders", events=heard)
    chromium.emulate(scheme=scheme)
    try:
        opened(chromium, pages, (tmp_path / "report.html").read_text("utf-8"))
        (folder / f"report-{scheme}.png").write_bytes(chromium.picture())
        seen = chromium.run(
            """const fill = where => getComputedStyle(document.querySelector(where)).fill;
               return [getComputedStyle(document.body).backgroundColor, fill(".fl-ground"), fill(".fl-box-FAILED")];"""
        )
        for name, shown in PICTURES.items():
            opened(chromium, pages, html(shown))
            (folder / f"{name.replace(' ', '-')}-{scheme}.png").write_bytes(chromium.picture())
    finally:
        chromium.emulate(scheme="light")
    colours = [palette.ground, palette.ground, palette.tones[StepState.FAILED].fill]
    assert seen == [f"rgb({int(each[1:3], 16)}, {int(each[3:5], 16)}, {int(each[5:], 16)})" for each in colours]
