"""What goes by ``history``: rows of earlier connections in order, then those due once more."""

from __future__ import annotations

from collections.abc import Callable

from viewkeeper.agent.adapters.link.outbox import Outbox
from viewkeeper.agent.adapters.link.rows import Row
from viewkeeper.agent.adapters.link.unconfirmed import Unconfirmed

PAGE_ROWS = 64
CARD_PAUSE_S = 1.0
"""Before a card that gave nothing is asked again."""
WRITING_PAUSE_S = 0.05
"""Before it is looked whether a row is on the card now."""


class History:
    """Chooses the next row, at a limited rate. One thread, please.

    Args:
        unconfirmed: which rows are held, and when each goes again.
        rate_hz: rows a second at most.
        clock: seconds, monotonic.
    """

    def __init__(
        self, outbox: Outbox, unconfirmed: Unconfirmed, rate_hz: float, clock: Callable[[], float]
    ) -> None:
        self._outbox, self._unconfirmed = outbox, unconfirmed
        self._period_s, self._clock = 1.0 / rate_hz, clock
        self._after, self._until = 0, 0
        self._page: list[Row] = []
        self._not_before_s = 0.0

    def begin(self, until: int) -> None:
        """A new connection: all rows up to this number are of earlier ones."""
        self._unconfirmed.begin(self._clock())
        self._after, self._until, self._page = 0, until, []

    def next(self) -> Row | None:
        """The next row, or ``None`` while none may go."""
        if self._clock() < self._not_before_s:
            return None
        row = self._next_old() or self._next_again()
        if row is not None:
            self._not_before_s = self._clock() + self._period_s
        return row

    def due_in_s(self) -> float | None:
        """Seconds until a row may go; ``None`` where none waits."""
        now_s = self._clock()
        if self._page or self._is_left():
            return max(0.0, self._not_before_s - now_s)
        due = self._unconfirmed.next_due()
        return None if due is None else max(0.0, self._not_before_s - now_s, due[0] - now_s)

    def _next_old(self) -> Row | None:
        """The next row of an earlier connection that is to go in this one."""
        while self._page or self._is_left():
            if not self._page:
                page = self._outbox.rows_after(self._after, PAGE_ROWS)
                self._page = [row for row in page if row.number <= self._until]
                if not self._page:  # the card does not give them now
                    self._not_before_s = self._clock() + CARD_PAUSE_S
                    return None
            row = self._page[0]
            if not self._outbox.may_go(row.number):
                self._not_before_s = self._clock() + WRITING_PAUSE_S
                return None
            self._page.pop(0)
            self._after = row.number
            if self._is_wanted(row.number):
                return row
        return None

    def _is_left(self) -> bool:
        """Whether rows of earlier connections are left; those that are held are stepped over."""
        while (following := self._outbox.number_after(self._after)) is not None:
            if following > self._until:
                return False
            if self._is_wanted(following):
                return True
            self._after = following
        return False

    def _is_wanted(self, number: int) -> bool:
        held = self._unconfirmed.is_waiting(number, self._clock())
        return not held and self._outbox.holds(number)

    def _next_again(self) -> Row | None:
        """The next row that was acknowledged and is due to go once more."""
        while (due := self._unconfirmed.next_due()) is not None and due[0] <= self._clock():
            rows = self._outbox.rows_after(due[1] - 1, 1)
            if rows and rows[0].number == due[1]:
                return rows[0]
            self._unconfirmed.forget(due[1])  # dropped for want of room, or unreadable
        return None
