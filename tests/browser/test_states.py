"""What a camera can tell of itself beside its view, each in words, in both languages."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit, open_tab
from tests.browser.desk import Voice, everybody, now_ms, report
from tests.browser.test_accessibility import complaints
from viewkeeper.dashboard.schema import SCHEMA
from viewkeeper.protocol.access import AccessEntry
from viewkeeper.protocol.records import EventsReport, Report, SignageReport
from viewkeeper.protocol.vocabulary import (
    AccessAct,
    AccessCover,
    AlarmKind,
    LifecycleState,
    LitState,
    SignageSource,
    SignageState,
    ViewCause,
    ViewVerdict,
    WatchState,
)

pytestmark = pytest.mark.e2e
TABLES: dict[str, Any] = {
    language: json.loads((SCHEMA.parent / "i18n" / f"{language}.json").read_text(encoding="utf-8"))
    for language in ("en", "zh")
}


@pytest.mark.parametrize("language", TABLES)
def test_every_state_that_a_report_can_tell_is_shown_in_words(
    gate: Voice, visit: Visit, language: str
) -> None:
    words = TABLES[language]["vocabulary"]
    page = visit(everybody(gate), language=language)
    card = page.locator("[data-camera]")

    def say(body: Report) -> None:
        gate.publish(gate.topics.report, gate.sign(body), retain=True)

    for cause in ViewCause:
        say(report(ViewVerdict.CANNOT_TELL, cause, measured=False))
        expect(card.locator(".head .verdict-text")).to_contain_text(words["ViewCause"][cause])
    for verdict in ViewVerdict:
        say(report(verdict))
        expect(card).to_have_attribute("data-verdict", verdict)
        expect(card.locator(".head .verdict-text")).to_have_text(words["ViewVerdict"][verdict])
    for state in LifecycleState:
        say(dataclasses.replace(report(), lifecycle=state))
        expect(card.locator("[data-fact=lifecycle]")).to_contain_text(
            words["LifecycleState"][state]
        )
    for lit in LitState:
        say(report(lit=lit))
        expect(card.locator("[data-fact=lamp]")).to_contain_text(words["LitState"][lit])
    for watch in WatchState:
        told = EventsReport(state=watch, zones=0, unreported=0)
        say(dataclasses.replace(report(), events=told))
        expect(card.locator("[data-fact=watch]")).to_contain_text(words["WatchState"][watch])
    for kind in AlarmKind:
        gate.alarm(kind)
        expect(card.locator(f"[data-alarm={kind}]")).to_contain_text(words["AlarmKind"][kind])
    expect(card).to_have_attribute("data-alarms", str(len(AlarmKind)))
    assert complaints(page) == []


def test_a_look_at_footage_without_a_grant_is_shown_plainly(gate: Voice, visit: Visit) -> None:
    page = visit(everybody(gate))
    gate.report()
    for cover in (AccessCover.GRANT, AccessCover.NO_GRANT):
        body = AccessEntry(
            act=AccessAct.VIEWED,
            persons=("Li Wei", "Zhang San"),
            purpose="case 17",
            from_s=1_764_000_000,
            to_s=1_764_003_600,
            destination="precinct 3",
            cover=cover,
            entry=41,
            entry_hash=bytes(32),
        )
        gate.publish(f"{gate.topics.report.removesuffix('report')}access", gate.sign(body))
    open_tab(page, "access", 2)
    bare = page.locator("[data-access=viewed][data-cover=no_grant]")
    expect(bare).to_contain_text("Footage viewed: Li Wei, Zhang San")
    expect(bare).to_contain_text("no grant")
    expect(page.locator("[data-access][data-cover=grant]")).to_have_count(1)
    page.locator("[data-language=zh]").click()
    expect(bare).to_contain_text("用途：case 17，去向：precinct 3")


def test_suspended_zones_and_flags_that_wait_for_a_report_are_told(
    gate: Voice, visit: Visit
) -> None:
    page = visit(everybody(gate))
    watch = EventsReport(
        state=WatchState.SUSPENDED, zones=3, unreported=2, oldest_ms=now_ms() - 7_500_000
    )
    sign = SignageReport(
        state=SignageState.PRESENT,
        lit=LitState.UNKNOWN,
        source=SignageSource.PHOTO,
        photo_until="2027-02-01",
    )
    body = dataclasses.replace(report(), events=watch, signage=sign)
    gate.publish(gate.topics.report, gate.sign(body), retain=True)
    expect(page.locator("[data-fact=watch]")).to_contain_text("suspended")
    expect(page.locator("[data-fact=watch]")).to_contain_text("3 drawn")
    expect(page.locator("[data-fact=unreported]")).to_contain_text("flags: 2, the oldest 2 h old")
    expect(page.locator("[data-fact=sign]")).to_contain_text("photo good until 2027-02-01")


@pytest.mark.parametrize(("days", "told"), [(10, "10 days left"), (-3, "overdue by 3 days")])
def test_a_filing_that_is_owed_counts_its_days(
    gate: Voice, visit: Visit, days: int, told: str
) -> None:
    page = visit(everybody(gate))
    today = dt.datetime.now(dt.timezone(dt.timedelta(hours=8))).date()
    due = (today + dt.timedelta(days=days)).isoformat()
    body = dataclasses.replace(report(), filing_due_on=due)
    gate.publish(gate.topics.report, gate.sign(body), retain=True)
    expect(page.locator("[data-fact=filing]")).to_contain_text(told)
