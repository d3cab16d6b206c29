"""The sign's state from everything that is known of it, the firmest first.

What the camera sees of the board comes first, then what is sensed or drawn, then the inspection
photo. A text that differs from the registered one is a fault whatever the board looks like; lit
is an axis of its own (REGULATION §10).

Rule: facts in, one state out.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass, replace

from viewkeeper.agent.core.signage.lamp import SignageStatus
from viewkeeper.protocol.orders import SignText
from viewkeeper.protocol.signage import SignPhoto
from viewkeeper.protocol.vocabulary import LitState, SignageSource, SignageState


@dataclass(frozen=True, slots=True)
class ShownText:
    """Operator and telephone as a sign shows them."""

    operator: str
    phone: str


def stand(
    *,
    seen: SignageState,
    sensed: SignageStatus,
    shown: ShownText | None,
    photo: SignPhoto | None,
    text: SignText | None,
    today: dt.date | None,
) -> SignageStatus:
    """One state.

    Args:
        seen: of the printed board in the view; unknown where none is registered.
        sensed: of lamp and presence sensor.
        shown: what the agent's own display shows, read back where it can be.
        photo: the signed inspection record.
        text: what the sign must say, as registered.
        today: ``None`` where the clock is not trusted; a photo then cannot be told expired.
    """
    status = _firmest(seen, sensed, shown, photo, today)
    if photo is not None:
        status = replace(status, photo_until=last_day(photo).isoformat())
        if status.lit is LitState.UNKNOWN and photo.lit is False and _counts(photo, today):
            status = replace(status, lit=LitState.UNLIT)
    told = shown
    if told is None and photo is not None and status.source is not SignageSource.DISPLAY:
        told = ShownText(photo.operator, photo.phone)
    standing = status.state in (SignageState.PRESENT, SignageState.UNKNOWN)
    if text is not None and told is not None and standing and not same_text(told, text):
        return replace(status, state=SignageState.TEXT_MISMATCH)
    return status


def _firmest(
    seen: SignageState,
    sensed: SignageStatus,
    shown: ShownText | None,
    photo: SignPhoto | None,
    today: dt.date | None,
) -> SignageStatus:
    if seen is not SignageState.UNKNOWN:
        return replace(sensed, state=seen, source=SignageSource.VIEW)
    if shown is not None:
        return replace(sensed, state=SignageState.PRESENT, source=SignageSource.DISPLAY)
    if sensed.state is not SignageState.UNKNOWN:
        return replace(sensed, source=SignageSource.SENSOR)
    if photo is None:
        return sensed
    state = SignageState.PRESENT if _counts(photo, today) else SignageState.PHOTO_EXPIRED
    return replace(sensed, state=state, source=SignageSource.PHOTO)


def last_day(photo: SignPhoto) -> dt.date:
    """The last day on which a photo counts."""
    try:
        taken = dt.date.fromisoformat(photo.taken_on)
    except ValueError:
        return dt.date.min  # no day of the calendar: it never counted
    return taken + dt.timedelta(days=photo.valid_days)


def _counts(photo: SignPhoto, today: dt.date | None) -> bool:
    return today is None or today <= last_day(photo)


def same_text(shown: ShownText, text: SignText) -> bool:
    """Whether operator and telephone are the registered ones: width, case, spaces and a number's
    punctuation aside."""
    return _plain(shown.operator) == _plain(text.operator) and _digits(shown.phone) == _digits(
        text.phone
    )


def _plain(text: str) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).casefold()


def _digits(text: str) -> str:
    return re.sub(r"[^0-9+]", "", unicodedata.normalize("NFKC", text))
