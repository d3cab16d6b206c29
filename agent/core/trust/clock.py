"""Time for a device that may not know it.

A camera without a real-time clock wakes in 1970. What it does know is a *floor*: it is
no earlier than the moment the last obeyed order was issued. The floor is kept with the
state and only accepted signed orders move it (the packet filters and the operating
system's unsynchronised clock do not).

| | clock synchronised | not synchronised |
|---|---|---|
| expired | ``max(clock, floor) >= expires_at`` | ``floor >= expires_at`` |
| too early | ``clock < not_before``, or issued > 5 min ahead | a year or more above the floor |

The verdict says which column was used (``ClockTrust``). The year bounds how far one
stolen key can push the floor of a camera that cannot tell; a keyset of a higher epoch,
which only the root persons can sign, is judged without the floor and sets it anew.
"""

from __future__ import annotations

from dataclasses import dataclass

from viewkeeper.protocol.errors import OrderRefusal, Reason
from viewkeeper.protocol.orders import OrderHeader
from viewkeeper.protocol.vocabulary import ClockTrust

SKEW_S = 300
"""How far the signing desk's clock may be ahead of a synchronised camera's."""
MAX_LEAD_S = 366 * 86_400
"""How far one order may be ahead of the floor of a camera that does not know the time."""


@dataclass(frozen=True, slots=True)
class Now:
    """The time as the device has it.

    Attributes:
        utc_s: Unix seconds of the system clock.
        trusted: whether that clock is synchronised; if not, ``utc_s`` decides nothing.
    """

    utc_s: int
    trusted: bool

    @property
    def clock(self) -> ClockTrust:
        return ClockTrust.SYNCHRONISED if self.trusted else ClockTrust.FLOOR

    def latest_s(self, floor_s: int | None) -> int:
        """The latest moment it certainly already is; ``None`` for no floor."""
        floor_s = 0 if floor_s is None else floor_s
        return max(self.utc_s, floor_s) if self.trusted else floor_s


def check_window(header: OrderHeader, now: Now, floor_s: int | None) -> None:
    """Refuse an order outside its validity window.

    Args:
        header: of the order.
        now: the time as the device has it.
        floor_s: the floor; ``None`` for an order that outranks it.

    Raises:
        OrderRefusal: ``inverted_window``, ``expired`` or ``not_yet_valid``.
    """
    if header.not_before >= header.expires_at or header.issued_at >= header.expires_at:
        raise OrderRefusal(
            Reason.INVERTED_WINDOW, "the order expires before it is issued or becomes valid"
        )
    if now.latest_s(floor_s) >= header.expires_at:
        raise OrderRefusal(Reason.EXPIRED, f"the order expired at {header.expires_at}")
    if now.trusted:
        earliest_s, latest_issue_s = now.utc_s, now.utc_s + SKEW_S
    elif floor_s is not None:
        earliest_s = latest_issue_s = floor_s + MAX_LEAD_S
    else:
        return
    if header.not_before > earliest_s:
        raise OrderRefusal(Reason.NOT_YET_VALID, f"the order is valid from {header.not_before}")
    if header.issued_at > latest_issue_s:
        raise OrderRefusal(
            Reason.NOT_YET_VALID, f"the order claims to be issued at {header.issued_at}"
        )
