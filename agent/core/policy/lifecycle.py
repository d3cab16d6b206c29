"""From factory to withdrawal: the steps, what each asks, and the days that run.

The states are a proposal of this project; the guards carry the law (REGULATION §7).
Each step is a signed order. Between orders only the calendar moves: a camera in use is
shown as ``filing_due`` from its first day, and overdue from day 31.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from dataclasses import dataclass

from viewkeeper.agent.core.policy.rules import PROPOSED, Grade, Rule, Source
from viewkeeper.protocol import cbor
from viewkeeper.protocol.errors import ContentRefusal, OrderRefusal, Reason
from viewkeeper.protocol.fields import Bytes, Choice, Text, at, pack
from viewkeeper.protocol.orders import Config, LifecycleStep
from viewkeeper.protocol.vocabulary import LifecycleState, Regime

S = LifecycleState
DATE = Text(10, 10, "[0-9]{4}-[0-9]{2}-[0-9]{2}")
FILING_DAYS = 30
CHANGE_DAYS = 15
REMIND_DAYS = (20, 27, 29)

ACCEPTANCE_FIRST = Rule(
    "lifecycle.acceptance",
    (Source("Anhui Order 270 Art. 13", Grade.SECOND_HAND),),
    "not accepted, or failed: may not be put into use (seen for government-built systems)",
    "未经验收或者验收不合格的,不得交付使用",
)
FILING = Rule(
    "lifecycle.filing",
    (
        Source("State Council Order 799 Art. 14", Grade.PHRASE),
        Source("Anhui Order 270 Art. 13", Grade.SECOND_HAND),
    ),
    "file with the county police within 30 days of use",
    "投入使用之日起30日内向县级公安机关备案",
)
CHANGE_FILING = Rule(
    "lifecycle.change_filing",
    (Source("State Council Order 799 Art. 14", Grade.PHRASE),),
    "file a change promptly; the law counts no days, 15 is this project's proposal",
    "备案事项变化的及时变更;法规未定天数,15日为本项目建议",
)
ORDER_OF_STEPS = Rule(
    "lifecycle.order",
    PROPOSED,
    "only the steps of the table",
    "仅可按表中步骤变更",
)
PLACE_ON_FILE = Rule(
    "lifecycle.place",
    (
        Source("Anhui Order 270 Art. 8", Grade.TEXT),
        Source("State Council Order 799 Art. 8", Grade.SECOND_HAND),
    ),
    "no registration without a configuration that names an allowed place",
    "未配置合法场所的不得登记",
)
VIEW_ON_FILE = Rule(
    "lifecycle.view",
    (
        Source("Anhui Order 270 Art. 14", Grade.SECOND_HAND),
        Source("State Council Order 799 Art. 13", Grade.PHRASE),
    ),
    "the range is fixed at acceptance: a registered view stands in the configuration",
    "验收时固定采集范围:配置中须有已登记视域",
)


@dataclass(frozen=True, slots=True)
class Step:
    """A row of the table: from where to where, and what must hold."""

    source: LifecycleState
    target: LifecycleState
    needs_config: bool = False
    needs_view: bool = False
    needs_pass: bool = False
    rule: Rule = ORDER_OF_STEPS


STEPS: tuple[Step, ...] = (
    Step(S.MANUFACTURED, S.REGISTERED, needs_config=True, rule=PLACE_ON_FILE),
    Step(S.REGISTERED, S.ACCEPTED, True, True, needs_pass=True, rule=ACCEPTANCE_FIRST),
    # A failed acceptance is a step too: it stays registered and the failure is on file.
    Step(S.REGISTERED, S.REGISTERED, needs_config=True, rule=PLACE_ON_FILE),
    Step(S.ACCEPTED, S.REGISTERED, needs_config=True, rule=PLACE_ON_FILE),
    Step(S.ACCEPTED, S.IN_USE, True, True, rule=ACCEPTANCE_FIRST),
    Step(S.IN_USE, S.FILED, True, rule=FILING),
    Step(S.FILED, S.CHANGE_DUE, rule=CHANGE_FILING),
    Step(S.CHANGE_DUE, S.FILED, True, rule=CHANGE_FILING),
    *(
        Step(source, S.WITHDRAWN)
        for source in (S.REGISTERED, S.ACCEPTED, S.IN_USE, S.FILED, S.CHANGE_DUE)
    ),
    Step(S.WITHDRAWN, S.REGISTERED, needs_config=True, rule=PLACE_ON_FILE),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a camera stands, since when, and the dates behind it (YYYY-MM-DD)."""

    state: LifecycleState = at(1, Choice(LifecycleState))
    since: str | None = at(2, DATE, optional=True)
    accepted_on: str | None = at(3, DATE, optional=True)
    in_use_on: str | None = at(4, DATE, optional=True)
    filed_on: str | None = at(5, DATE, optional=True)
    document: str | None = at(6, Text(1, 80), optional=True)
    """Of the last step."""
    filed_facts: bytes | None = at(7, Bytes(32, 32), optional=True)
    """Hash of what was filed (``filing.filed_facts``): a change makes change filing due."""


def parse_date(text: str) -> dt.date:
    """A calendar day.

    Raises:
        ContentRefusal: ``field_range`` for a day that does not exist.
    """
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise ContentRefusal(Reason.FIELD_RANGE, f"{text} is no day of the calendar") from error


def check_step(
    step: LifecycleStep, standing: Standing, config: Config | None, today: dt.date | None
) -> Standing:
    """The standing after a step.

    Args:
        step: the order.
        standing: where the camera is.
        config: the configuration in force.
        today: ``None`` where the clock is not trusted; then dates only have to rise.

    Raises:
        OrderRefusal: ``lifecycle_step`` or ``not_accepted_for_use``, naming the article.
        ContentRefusal: a day that does not exist.
    """
    day = parse_date(step.on_date)
    row = next(
        (row for row in STEPS if (row.source, row.target) == (standing.state, step.to)), None
    )
    if row is None:
        reason = Reason.LIFECYCLE_STEP
        if step.to is S.IN_USE and standing.state in (S.MANUFACTURED, S.REGISTERED):
            reason = Reason.NOT_ACCEPTED_FOR_USE
        raise _refuse(reason, f"no step from {standing.state} to {step.to}", ORDER_OF_STEPS)
    if standing.since is not None and step.on_date < standing.since:
        raise _refuse(
            Reason.LIFECYCLE_STEP, f"{step.on_date} is before {standing.since}", ORDER_OF_STEPS
        )
    if today is not None and day > today:
        raise _refuse(Reason.LIFECYCLE_STEP, f"{step.on_date} is yet to come", ORDER_OF_STEPS)
    if row.needs_config and config is None:
        raise _refuse(Reason.LIFECYCLE_STEP, "no configuration is in force", row.rule)
    if row.needs_view and (config is None or config.view_hash is None):
        raise _refuse(Reason.LIFECYCLE_STEP, "no registered view is in force", VIEW_ON_FILE)
    if row.needs_pass and step.passed is not True:
        raise _refuse(Reason.NOT_ACCEPTED_FOR_USE, "acceptance was not passed", row.rule)
    if step.passed is not None and step.to not in (S.ACCEPTED, S.REGISTERED):
        raise ContentRefusal(Reason.FIELD_UNKNOWN, "only an acceptance has a result")
    return _after(step, standing, config)


def _after(step: LifecycleStep, standing: Standing, config: Config | None) -> Standing:
    changes: dict[str, object] = {
        "state": step.to,
        "since": step.on_date,
        "document": step.document,
    }
    if step.to is S.REGISTERED:
        changes |= dict.fromkeys(("accepted_on", "in_use_on", "filed_on", "filed_facts"))
    elif step.to is S.ACCEPTED:
        changes["accepted_on"] = step.on_date
    elif step.to is S.IN_USE:
        changes["in_use_on"] = step.on_date
    elif step.to is S.FILED:
        assert config is not None  # the table asks for one
        changes |= {"filed_on": step.on_date, "filed_facts": filed_facts(config)}
    return dataclasses.replace(standing, **changes)  # pyright: ignore[reportArgumentType]


def _refuse(reason: Reason, hint: str, rule: Rule) -> OrderRefusal:
    return OrderRefusal(reason, f"{hint} — {rule.source}")


def filed_facts(config: Config) -> bytes:
    """Hash of what a filing states and a configuration holds: place, period, unit."""
    return hashlib.sha256(
        cbor.encode([pack(config.place), config.retention_days, config.sign.operator])
    ).digest()


def after_config(standing: Standing, config: Config, day: dt.date | None) -> Standing:
    """The standing once a configuration is in force: filed facts that differ are due.

    ``day`` is ``None`` where the clock is not trusted; then the day of filing stands in,
    which makes the change due rather sooner than later.
    """
    if standing.state is not S.FILED or standing.filed_facts == filed_facts(config):
        return standing
    since = day.isoformat() if day is not None else standing.filed_on
    return dataclasses.replace(standing, state=S.CHANGE_DUE, since=since)


@dataclass(frozen=True, slots=True)
class Duty:
    """A filing that is owed.

    Attributes:
        state: ``filing_due`` or ``change_due``.
        rule: the rule behind it.
        days_used: calendar days since it began; the day after is day 1 (a proposal: the
            law as seen does not say how days count).
        days_left: until the last day; negative once overdue.
        overdue: the last day is past.
        remind: today is a day to remind.
    """

    state: LifecycleState
    rule: Rule
    days_used: int
    days_left: int
    overdue: bool
    remind: bool


def duty(standing: Standing, regime: Regime, today: dt.date) -> Duty | None:
    """What is owed today; ``None`` where nothing is.

    Order 799 Art. 14 does not bind an Article 9 system, Anhui Order 270 Art. 13 does
    (REGULATION §7); a camera in a non-public place owes no filing.
    """
    if standing.state is S.IN_USE and standing.in_use_on and regime is not Regime.NONPUBLIC:
        begun, allowed, state, rule = standing.in_use_on, FILING_DAYS, S.FILING_DUE, FILING
    elif standing.state is S.CHANGE_DUE and standing.since:
        begun, allowed, state, rule = standing.since, CHANGE_DAYS, S.CHANGE_DUE, CHANGE_FILING
    else:
        return None
    used = (today - parse_date(begun)).days
    left = allowed - used
    return Duty(state, rule, used, left, left < 0, used in REMIND_DAYS or left <= 0)


def due_on(standing: Standing, regime: Regime) -> dt.date | None:
    """The last day of the filing that is owed; ``None`` where nothing is."""
    if standing.since is None:
        return None
    day = parse_date(standing.since)
    owed = duty(standing, regime, day)
    return None if owed is None else day + dt.timedelta(days=owed.days_left)


def shown_state(standing: Standing, regime: Regime | None) -> LifecycleState:
    """The state as reports name it: in use with a filing owed is ``filing_due``."""
    if standing.state is S.IN_USE and regime in (Regime.ART7, Regime.ART9):
        return S.FILING_DUE
    return standing.state
