"""A powered sign judged by the current through its lamp and the light before it."""

from __future__ import annotations

from dataclasses import dataclass

from viewkeeper.protocol.vocabulary import LitState, SignageSource, SignageState


@dataclass(frozen=True, slots=True)
class LampLimits:
    """What a healthy lamp draws.

    Attributes:
        lit_from_ma: from here on the lamp burns as it should.
        off_below_ma: below this it does not burn at all; between the two it is failing.
        short_above_ma: above this the lamp or its wiring is damaged.
        lit_from_light: photodiode level of a burning lamp, 0..1.
    """

    lit_from_ma: float = 150.0
    off_below_ma: float = 20.0
    short_above_ma: float = 1500.0
    lit_from_light: float = 0.25


@dataclass(frozen=True, slots=True)
class SignageStatus:
    """State of the sign and, on its own axis, of its light."""

    state: SignageState
    lit: LitState
    current_ma: float | None = None
    source: SignageSource | None = None
    """What the state rests on; ``None`` while it is unknown."""
    photo_until: str | None = None
    """Last day of the inspection photo, YYYY-MM-DD."""
    lamp_due: bool = True
    """Whether the lamp must burn now, where it is asked for: behind a photocell not by day."""
    silent: str | None = None
    """Why the sign's own lamp, sensor or display has given no reading for a while."""


UNKNOWN = SignageStatus(SignageState.UNKNOWN, LitState.UNKNOWN)


def judge_lamp(
    *,
    commanded: bool,
    current_ma: float | None,
    light_level: float | None,
    present: bool | None,
    limits: LampLimits,
) -> SignageStatus:
    """State of a powered sign.

    Current says what flows, light says what is seen; where both are sensed and disagree
    the lamp is failing, since current through a blind or broken lamp lights nobody.
    """
    state = SignageState.UNKNOWN
    if present is not None:
        state = SignageState.PRESENT if present else SignageState.MISSING
    by_current = _by_current(current_ma, limits)
    by_light = None
    if light_level is not None:
        by_light = LitState.LIT if light_level >= limits.lit_from_light else LitState.UNLIT
    if by_current is None and by_light is None:
        lit = LitState.UNKNOWN
    elif not commanded:
        # Off and dark is plainly unlit; off and bright is daylight on the photodiode.
        lit = LitState.UNLIT
    elif by_current is None or by_light is None:
        lit = by_current or by_light or LitState.UNKNOWN
    else:
        lit = by_current if by_current == by_light else LitState.FAILING
    return SignageStatus(state, lit, current_ma)


def _by_current(current_ma: float | None, limits: LampLimits) -> LitState | None:
    if current_ma is None:
        return None
    if current_ma < limits.off_below_ma:
        return LitState.UNLIT
    if limits.lit_from_ma <= current_ma <= limits.short_above_ma:
        return LitState.LIT
    return LitState.FAILING


def is_fault(status: SignageStatus, *, lit_required: bool) -> bool:
    """Whether the sign is not as Order 270 Art. 14 and Order 799 Art. 13 want it.

    The law asks for a conspicuous sign; that it be lit is what the signed configuration
    may ask for. An unknown state is not a fault: it is said as unknown.
    """
    if status.state not in (SignageState.PRESENT, SignageState.UNKNOWN):
        return True
    dark = status.lit is LitState.UNLIT and status.lamp_due
    return lit_required and (dark or status.lit is LitState.FAILING)
