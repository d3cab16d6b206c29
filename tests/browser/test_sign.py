"""The sign's preview: the signed text, in both languages, inside its board; its state over it."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import ARTEFACTS, Visit
from tests.browser.desk import Voice, everybody, report
from tests.browser.test_accessibility import complaints
from tests.browser.test_trust import order
from viewkeeper.agent.adapters.signage.face import Notice
from viewkeeper.dashboard.register import Person, Register
from viewkeeper.protocol import cose
from viewkeeper.protocol.orders import Order
from viewkeeper.protocol.signage import SignPhoto
from viewkeeper.protocol.vocabulary import AlarmKind, LitState, OrderKind, SignageState

pytestmark = pytest.mark.e2e
SETTLE = """async (paragraphs) => {
  const { setInto, LEAST_PX } = await import("./model/board.js");
  const pen = document.createElement("canvas").getContext("2d");
  const measure = (text, px) => {
    pen.font = `600 ${px}px sans-serif`;
    return pen.measureText(text).width;
  };
  const set = setInto(paragraphs, [14, 86, 372, 150], measure);
  if (!set) return null;
  return {
    px: set.px, least: LEAST_PX, text: set.lines.map((line) => line.text).join(""),
    right: Math.max(...set.lines.map(({ text, x }) => x + measure(text, set.px))),
    bottom: Math.max(...set.lines.map(({ y }) => y + 1.3 * set.px)),
  };
}"""
MARGINS = """() => {
  const canvas = document.querySelector(".board canvas");
  const pen = canvas.getContext("2d");
  const ink = (x, y, width, height, ground) => {
    const { data } = pen.getImageData(2 * x, 2 * y, 2 * width, 2 * height);
    return data.some((value, at) => at % 4 !== 3 && value !== ground);
  };
  return [ink(0, 74, 12, 174, 255), ink(388, 74, 12, 174, 255), ink(0, 240, 400, 10, 255),
    ink(0, 0, 12, 70, 17), ink(388, 0, 12, 70, 17)];
}"""


@pytest.fixture
def register(gate: Voice, ming: cose.SoftwareSigner) -> Register:
    return replace(everybody(gate), signers=(Person("Li Ming", ming.verify_key),))


def obey(gate: Voice, ming: cose.SoftwareSigner, *, photo: bool = False, **sign: Any) -> Order:
    """The camera says it obeys a configuration, which lies at the broker."""
    known = Order.decode(order(gate.camera), OrderKind.CONFIG)
    body: Any = known.body
    body = replace(body, sign=replace(body.sign, **sign))
    if photo:
        read = SignPhoto(
            photo_hash=bytes(32),
            taken_on="2026-10-01",
            inspector="Zhao Lei",
            valid_days=90,
            operator="城管",
            phone="110",
        )
        body = replace(body, sign_photo=read)
    payload = replace(known, body=body).encode()
    message = cose.sign1(payload, ming, cose.Domain.CONFIG)
    gate.publish(gate.topics.config_desired, message, retain=True)
    shown = replace(report(), config_hash=hashlib.sha256(payload).digest()[:8])
    gate.publish(gate.topics.report, gate.sign(shown), retain=True)
    return Order.decode(payload, OrderKind.CONFIG)


def says(
    gate: Voice,
    obeyed: Order,
    state: SignageState,
    lit: LitState = LitState.LIT,
    alarms: tuple[AlarmKind, ...] | None = None,
) -> None:
    body = report(lit=lit, alarms=alarms)
    body = replace(body, signage=replace(body.signage, state=state))
    payload = hashlib.sha256(obeyed.encode()).digest()[:8]
    gate.publish(gate.topics.report, gate.sign(replace(body, config_hash=payload)), retain=True)


def test_the_board_says_what_the_camera_would_draw(
    gate: Voice, register: Register, ming: cose.SoftwareSigner, visit: Visit
) -> None:
    page = visit(register)
    obeyed = obey(gate, ming)
    body: Any = obeyed.body
    sign = body.sign
    notice = Notice(sign.operator, sign.purpose, sign.phone, body.retention_days)
    board = page.locator(".board canvas")
    expect(board).to_have_attribute("aria-label", "; ".join(notice.headlines + notice.paragraphs))
    expect(board).to_have_attribute("data-fits", "true")
    assert page.evaluate(MARGINS) == [False] * 5, "no ink in the margins"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_state_of_the_sign_stands_over_it_in_both_languages(
    gate: Voice,
    register: Register,
    ming: cose.SoftwareSigner,
    visit: Visit,
    theme: str,
    picture: Callable[[Page, str], Path],
) -> None:
    page = visit(register, theme=theme)
    obeyed = obey(gate, ming, photo=True)
    over = page.locator(".board .over")
    expect(over).to_have_text("present · lit")
    expect(page.locator(".sign figcaption")).to_contain_text("Zhao Lei: 城管, 110")
    for state in SignageState:
        says(gate, obeyed, state)
        expect(page.locator(f"[data-sign={state}]")).to_be_visible()
        expect(over).not_to_have_text("")
    says(gate, obeyed, SignageState.OBSCURED, LitState.FAILING)
    expect(over).to_have_text("obscured · failing")
    assert complaints(page) == []
    picture(page, f"sign-{theme}")
    page.locator("[data-language=zh]").click()
    expect(over).not_to_contain_text("obscured")
    assert complaints(page) == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_state_and_every_light_has_its_preview(
    gate: Voice, register: Register, ming: cose.SoftwareSigner, visit: Visit, language: str
) -> None:
    page = visit(register, language=language)
    obeyed = obey(gate, ming)
    seen: dict[str, Image.Image] = {}
    for state in SignageState:
        for lit in LitState:
            says(gate, obeyed, state, lit)
            page.locator(f"[data-sign={state}][data-lit={lit}]").wait_for()
            told = page.locator(".board .over").inner_text()
            shown = page.locator(".board").screenshot()
            seen[told] = Image.open(io.BytesIO(shown)).convert("RGB")
            assert complaints(page) == []
    assert len(seen) == len(SignageState) * len(LitState), "each is told apart in words"
    assert len({one.tobytes() for one in seen.values()}) == len(seen), "and to the eye"
    wide, high = (max(one.size[axis] for one in seen.values()) for axis in (0, 1))
    sheet = Image.new("RGB", (len(LitState) * (wide + 8), len(SignageState) * (high + 8)), "white")
    for n, one in enumerate(seen.values()):
        sheet.paste(one, (n % len(LitState) * (wide + 8), n // len(LitState) * (high + 8)))
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    sheet.save(ARTEFACTS / f"dashboard-signs-{language}.png")


def test_a_lamp_that_is_out_by_day_is_no_fault_where_the_camera_names_none(
    gate: Voice, register: Register, ming: cose.SoftwareSigner, visit: Visit
) -> None:
    page = visit(register)
    obeyed = obey(gate, ming)
    sign = page.locator("figure.sign")
    says(gate, obeyed, SignageState.PRESENT, LitState.UNLIT, alarms=())
    expect(sign).to_have_class(re.compile("sign-dim"))
    says(gate, obeyed, SignageState.PRESENT, LitState.UNLIT, alarms=(AlarmKind.SIGN_FAULT,))
    expect(sign).to_have_class(re.compile("sign-dark"))


def test_a_text_at_every_limit_of_the_configuration_stays_on_the_board(
    gate: Voice, register: Register, ming: cose.SoftwareSigner, visit: Visit
) -> None:
    page = visit(register)
    board = page.locator(".board canvas")
    for operator, purpose in [("W" * 60, "警" * 60), ("局" * 60, "keeping the peace " * 3)]:
        obey(gate, ming, operator=operator, purpose=purpose.strip(), phone="+86 (0551) 0000-000000")
        expect(board).to_have_attribute("aria-label", re.compile(operator))
        expect(board).to_have_attribute("data-fits", "true")
        assert page.evaluate(MARGINS) == [False] * 5


def test_without_a_checked_configuration_there_is_no_board(gate: Voice, visit: Visit) -> None:
    page = visit(everybody(gate))
    gate.report()
    expect(page.locator(".sign")).to_contain_text("No preview")
    expect(page.locator(".board")).to_have_count(0)


def test_whatever_the_text_it_is_set_whole_inside_its_box_or_not_at_all(
    gate: Voice, visit: Visit
) -> None:
    page = visit(everybody(gate))
    words = st.text(st.sampled_from("Ww.i 局警，（）é\u0301 -"), max_size=60)

    @settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.lists(words, min_size=1, max_size=8))
    def holds(paragraphs: list[str]) -> None:
        found = page.evaluate(SETTLE, paragraphs)
        if found is None:
            return
        assert found["px"] >= found["least"]
        assert found["right"] <= 14 + 372 + 1e-6
        assert found["bottom"] <= 86 + 150 + 1e-6
        assert found["text"].replace(" ", "") == "".join(paragraphs).replace(" ", "")

    holds()
