"""The agent's plan of the sign can be drawn by a page: same words, ink in the same boxes."""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

pytestmark = pytest.mark.e2e
KEPT: list[dict[str, Any]] = json.loads(
    Path("protocol/vectors/sign_plans.json").read_text(encoding="utf-8")
)
WORDS = """async ([notice]) => {
  const { HEADLINES, paragraphsOf } = await import("/model/board.js");
  return [...HEADLINES, ...paragraphsOf({ sign: notice, retention_days: notice.retention_days })];
}"""
DRAWN = """(plan) => {
  const canvas = document.createElement("canvas");
  canvas.width = plan.width;
  canvas.height = plan.height;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const dark = (l, t, r, b) => {
    const { data } = pen.getImageData(l, t, r - l, b - t);
    let n = 0;
    for (let at = 0; at < data.length; at += 4) n += data[at] < 128;
    return n;
  };
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, plan.width, plan.height);
  pen.fillStyle = "#000";
  pen.fillRect(0, 0, plan.width, plan.header);
  pen.textBaseline = "alphabetic";
  const told = { outside: 0, empty: 0, wrong: 0 };
  for (const { text, font_px, box: [left, top, right, bottom], inverted } of plan.lines) {
    const before = dark(0, 0, plan.width, plan.height);
    pen.font = `${font_px}px "WenQuanYi Micro Hei", sans-serif`;
    const ink = pen.measureText(text);
    pen.save();
    pen.translate(left, top);
    pen.scale(
      (right - left) / (ink.actualBoundingBoxLeft + ink.actualBoundingBoxRight),
      (bottom - top) / (ink.actualBoundingBoxAscent + ink.actualBoundingBoxDescent),
    );
    pen.fillStyle = inverted ? "#fff" : "#000";
    pen.fillText(text, ink.actualBoundingBoxLeft, ink.actualBoundingBoxAscent);
    pen.restore();
    const changed = Math.abs(dark(0, 0, plan.width, plan.height) - before);
    told.empty += changed < 4;
    pen.fillStyle = inverted ? "#000" : "#fff"; // take the line away: what is left was outside
    pen.fillRect(left - 1, top - 1, right - left + 2, bottom - top + 2);
    told.outside += Math.abs(dark(0, 0, plan.width, plan.height) - before);
  }
  if (plan.qr) {
    const { left, top, module, rows } = plan.qr;
    pen.fillStyle = "#000";
    rows.forEach((row, y) => [...row].forEach((bit, x) => {
      if (bit === "1") pen.fillRect(left + x * module, top + y * module, module, module);
    }));
    rows.forEach((row, y) => [...row].forEach((bit, x) => {
      const [l, t] = [left + x * module, top + y * module];
      told.wrong += dark(l, t, l + module, t + module) !== (bit === "1" ? module * module : 0);
    }));
  }
  return told;
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


def test_the_pages_words_are_the_plans(chromium: Browser, files: str) -> None:
    page = chromium.new_page()
    page.goto(f"{files}/icon.svg")
    for each in KEPT:
        lines = [line["text"] for line in each["plan"]["lines"]]
        words = page.evaluate(WORDS, [each["notice"]])
        if each["notice"]["url"]:  # of the code, which a page without the address has not
            words.append("扫码了解权利 Scan for your rights")
        assert squeezed(lines) == squeezed(words)
    page.close()


@pytest.mark.parametrize("number", range(len(KEPT)))
def test_every_line_fits_its_box_and_the_code_its_modules(chromium: Browser, number: int) -> None:
    page = chromium.new_page()
    assert page.evaluate(DRAWN, KEPT[number]["plan"]) == {"outside": 0, "empty": 0, "wrong": 0}
    page.close()
