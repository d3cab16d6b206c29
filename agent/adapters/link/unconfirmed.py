"""Rows that a broker has acknowledged and no recorder has confirmed yet. Pure: time is an argument.

A broker acknowledges before its disk has a record, drops what an absent recorder's queue does not
hold, and dies. So an acknowledged row is kept, and sent again

- on the next connection, once: a broker that died has broken the last one
- when a receipt names a row that went out after it, and its own had ``resend_s`` to come
- after ``resend_s``, then after twice that and so on, whatever the connection does

until a recorder's receipt names it or it was held for ``hold_s``. A recorder that is away is so not
met by a heap of the same when it is back.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, replace

from viewkeeper.protocol.receipts import Place

LONGEST_RESEND_S = 6 * 3600.0


@dataclass(frozen=True, slots=True)
class _Held:
    """One acknowledged row.

    Attributes:
        since_s: when it was acknowledged first.
        last_s: when it was acknowledged last.
        due_s: when it goes again; ``None``: it is on its way.
        times: how often it was acknowledged.
    """

    since_s: float
    last_s: float
    due_s: float | None
    times: int
    place: Place | None


class Unconfirmed:
    """Which rows are held, and when each goes again. One thread, please.

    Args:
        hold_s: how long a row is held without a receipt; 0: not at all.
        resend_s: how long a receipt may take.
    """

    def __init__(self, hold_s: float, resend_s: float) -> None:
        self._hold_s, self._resend_s = hold_s, resend_s
        self._held: dict[int, _Held] = {}  # in the order of their first acknowledgement
        self._numbers: dict[Place, int] = {}
        self._due: list[tuple[float, int]] = []  # a heap; what is out of date is left in it
        self._resting: dict[int, float] = {}  # last acknowledged when, in that order

    def __len__(self) -> int:
        return len(self._held)

    def expect(self, number: int, place: Place | None) -> None:
        """A row goes out: a receipt may name it even before the broker's acknowledgement."""
        if place is not None and self._hold_s > 0:
            self._numbers[place] = number
        held = self._held.get(number)
        if held is not None:
            self._held[number] = replace(held, due_s=None)
            self._resting.pop(number, None)

    def acknowledged(self, number: int, place: Place | None, now_s: float) -> bool:
        """A broker has the row; whether it is held for a receipt."""
        if self._hold_s <= 0:
            return False
        before = self._held.get(number, _Held(now_s, now_s, None, 0, place))
        wait_s = min(self._resend_s * 2.0 ** min(before.times, 30), LONGEST_RESEND_S)
        held = replace(before, last_s=now_s, due_s=now_s + wait_s, times=before.times + 1)
        self._plan(number, held)
        self._resting.pop(number, None)
        self._resting[number] = now_s
        return True

    def confirmed(self, place: Place, now_s: float) -> int | None:
        """A recorder has it: the row to let go of; ``None`` where none such went out."""
        number = self._numbers.pop(place, None)
        if number is None:
            return None
        held = self._held.pop(number, None)
        self._resting.pop(number, None)
        if held is not None:
            self._overtake(held.since_s, now_s)
        return number

    def _overtake(self, before_s: float, now_s: float) -> None:
        """A row that was acknowledged then is kept: those acknowledged before it are missing."""
        while self._resting:
            number, last_s = next(iter(self._resting.items()))
            if last_s >= before_s:
                return
            del self._resting[number]
            held = self._held[number]
            due_s = max(now_s, last_s + self._resend_s)
            if held.due_s is not None and due_s < held.due_s:
                self._plan(number, replace(held, due_s=due_s))

    def begin(self, now_s: float) -> None:
        """A new connection: what was acknowledged once, or was on its way, is due."""
        self._numbers = {
            held.place: number for number, held in self._held.items() if held.place is not None
        }
        for number, held in self._held.items():
            if held.times == 1 or held.due_s is None:
                self._plan(number, replace(held, due_s=now_s))

    def is_waiting(self, number: int, now_s: float) -> bool:
        """Whether a row is held and not due yet."""
        held = self._held.get(number)
        return held is not None and (held.due_s is None or held.due_s > now_s)

    def next_due(self) -> tuple[float, int] | None:
        """When the next row goes again, and which; ``None``: none is held."""
        while self._due:
            due_s, number = self._due[0]
            held = self._held.get(number)
            if held is not None and held.due_s == due_s:
                return due_s, number
            heapq.heappop(self._due)
        return None

    def expired(self, now_s: float) -> list[tuple[int, Place | None]]:
        """Rows that were held long enough, by number and place; they are forgotten here."""
        found: list[tuple[int, Place | None]] = []
        for number, held in self._held.items():
            if held.since_s + self._hold_s > now_s:
                break
            found.append((number, held.place))
        for number, _ in found:
            self.forget(number)
        return found

    def forget(self, number: int) -> None:
        """The row is gone: there was no room for it, or it was let go of."""
        held = self._held.pop(number, None)
        self._resting.pop(number, None)
        if held is not None and held.place is not None:
            self._numbers.pop(held.place, None)

    def _plan(self, number: int, held: _Held) -> None:
        assert held.due_s is not None
        self._held[number] = held
        heapq.heappush(self._due, (held.due_s, number))
