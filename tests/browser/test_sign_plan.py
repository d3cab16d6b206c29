"""The agent's plan of the sign can be drawn by a page: same words, ink in the same boxes."""

from __future__ import annotations

import functools
import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Visit
from tests.browser.desk import Voice, everybody
from tests.browser.test_accessibility import complaints
from tests.browser.test_sign import obey
from viewkeeper.agent.adapters.signage import preview
from viewkeeper.agent.adapters.signage.face import Notice
from viewkeeper.dashboard.register import Person
from viewkeeper.protocol import cose

pytestmark = pytest.mark.e2e
KEPT: list[dict[str, Any]] = json.loads(
    Path("protocol/vectors/sign_plans.json").read_text(encoding="utf-8")
)
WORDS = """async ([notice]) => {
  const { HEADLINES, SCAN, paragraphsOf } = await import("/model/board.js");
  const paragraphs = paragraphsOf({ sign: notice, retention_days: notice.retention_days });
  return [...HEADLINES, ...paragraphs, ...(notice.url ? [SCAN] : [])];
}"""
DRAWN = """async (plan) => {
  const { drawPlan } = await import("/parts/sign_plan.js");
  const canvas = document.createElement("canvas");
  canvas.getContext("2d", { willReadFrequently: true });
  const draw = (part) => {
    drawPlan(canvas, { ...plan, lines: [], qr: null, ...part });
    return canvas.getContext("2d").getImageData(0, 0, plan.width, plan.height).data;
  };
  const empty = draw({});
  const told = { outside: 0, empty: 0, wrong: 0 };
  for (const line of plan.lines) {
    const [left, top, right, bottom] = line.box;
    const drawn = draw({ lines: [line] });
    let inside = 0;
    for (let at = 0; at < drawn.length; at += 4) {
      if ((drawn[at] < 128) === (empty[at] < 128)) continue;
      const [x, y] = [(at / 4) % plan.width, Math.floor(at / 4 / plan.width)];
      if (x >= left - 1 && x <= right && y >= top - 1 && y <= bottom) inside += 1;
      else told.outside += 1;
    }
    told.empty += inside < 4;
  }
  if (plan.qr) {
    const { left, top, module, rows } = plan.qr;
    const drawn = draw({ qr: plan.qr });
    rows.forEach((row, y) => [...row].forEach((bit, x) => {
      for (let n = 0; n < module * module; n += 1) {
        const px = left + x * module + (n % module);
        const py = top + y * module + Math.floor(n / module);
        told.wrong += (drawn[4 * (py * plan.width + px)] < 128) !== (bit === "1");
      }
    }));
  }
  return told;
}"""
READ = """async (texts) => {
  const { readPlan } = await import("/model/sign_plan.js");
  return texts.map((text) => readPlan(text) !== null);
}"""


def squeezed(words: list[str]) -> str:
    return "".join("".join(words).split())


class Files(SimpleHTTPRequestHandler):
    """The page's files, without its server."""

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def files() -> Iterator[str]:
    """Where the page's files are served."""
    handler = functools.partial(Files, directory="dashboard/static")
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def bare(chromium: Browser, files: str) -> Iterator[Page]:
    """A page that may import any of the page's modules."""
    page = chromium.new_page()
    page.goto(f"{files}/vendor/VENDOR.json")
    yield page
    page.close()


def test_the_pages_words_are_the_plans(bare: Page) -> None:
    for each in KEPT:
        lines = [line["text"] for line in each["plan"]["lines"]]
        assert squeezed(lines) == squeezed(bare.evaluate(WORDS, [each["notice"]]))


@pytest.mark.parametrize("number", range(len(KEPT)))
def test_every_line_fits_its_box_and_the_code_its_modules(bare: Page, number: int) -> None:
    assert bare.evaluate(DRAWN, KEPT[number]["plan"]) == {"outside": 0, "empty": 0, "wrong": 0}


def test_a_file_that_is_no_plan_is_not_drawn(bare: Page) -> None:
    plan = KEPT[0]["plan"]
    line = plan["lines"][0]
    wrong: list[Any] = [
        "plan",
        7,
        None,
        {},
        {**plan, "version": 2},
        {**plan, "width": 1e9},
        {**plan, "header": plan["height"] + 1},
        {**plan, "lines": [{**line, "box": [0, 0, plan["width"] + 1, 20]}]},
        {**plan, "lines": [{**line, "box": [20, 0, 20, 20]}]},
        {**plan, "lines": [{**line, "text": "x" * 201}]},
        {**plan, "lines": [line] * 65},
        {**plan, "qr": {**plan["qr"], "rows": plan["qr"]["rows"][1:]}},
        {**plan, "qr": {**plan["qr"], "rows": ["2" * 21] * 21}},
        {**plan, "qr": {**plan["qr"], "left": plan["width"] - 20}},
    ]
    texts = ["{", *(json.dumps(one) for one in wrong)]
    assert bare.evaluate(READ, [json.dumps(plan)]) == [True]
    assert bare.evaluate(READ, texts) == [False] * len(texts)


def test_a_plan_is_opened_beside_the_preview_and_held_against_the_signed_text(
    gate: Voice,
    ming: cose.SoftwareSigner,
    visit: Visit,
    tmp_path: Path,
    picture: Callable[[Page, str], Path],
) -> None:
    page = visit(replace(everybody(gate), signers=(Person("Li Ming", ming.verify_key),)))
    body: Any = obey(gate, ming).body
    expect(page.locator(".board canvas")).to_be_visible()
    page.locator(".plan summary").click()
    sign = body.sign
    notice = Notice(sign.operator, sign.purpose, sign.phone, body.retention_days)
    for name, plan in {
        "same": preview.plan(notice, (400, 300)),
        "other": preview.plan(replace(notice, phone="110"), (400, 300)),
        "none": {},
    }.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(plan), encoding="utf-8")
    chooser = page.locator("input[name=plan]")
    chooser.set_input_files(tmp_path / "same.json")
    drawn = page.locator("[data-plan='400x300']")
    expect(drawn).to_have_attribute("aria-label", re.compile(re.escape(sign.purpose)))
    expect(page.locator("[data-plan-says=same]")).to_contain_text("signed configuration in force")
    assert complaints(page) == []
    drawn.scroll_into_view_if_needed()
    picture(page, "sign-plan")
    chooser.set_input_files(tmp_path / "other.json")
    expect(page.locator("[data-plan-says=other]")).to_be_visible()
    chooser.set_input_files(tmp_path / "none.json")
    expect(page.locator(".sign-plan [role=alert]")).to_contain_text("not a plan")
    expect(page.locator("[data-plan]")).to_have_count(0)
    page.locator("[data-language=zh]").click()
    expect(page.locator(".sign-plan [role=alert]")).to_contain_text("不是标识的排版文件")
    assert complaints(page) == []
