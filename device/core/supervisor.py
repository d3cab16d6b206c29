"""Who watches the tasks: the watchdog is fed only while every one of them gets on.

And what a start means that came too often: ``SAFE_AFTER`` starts of which none got well put the
device into safe mode, where it takes orders and reports and does nothing else; a new program or
configuration can then mend it. ``WELL_MS`` of all tasks at work make a start a good one.
"""

SAFE_AFTER = 4
WELL_MS = 120_000
MAX_STARTS = 255


class Supervisor:
    """Args:
    bounds: task -> milliseconds within which it must tick.
    now_ms: of a clock that never goes back.
    well_ms: how long all of them must have been at work.
    """

    def __init__(self, bounds, now_ms, well_ms=WELL_MS):
        self._bounds, self._well_ms = bounds, well_ms
        self._ticked = {name: now_ms for name in bounds}
        self._began_ms = now_ms

    def tick(self, name, now_ms):
        """A task got on."""
        self._ticked[name] = now_ms

    def late(self, now_ms):
        """Names of the tasks that did not tick in time."""
        return [n for n, bound in self._bounds.items() if now_ms - self._ticked[n] > bound]

    def may_feed(self, now_ms):
        return not self.late(now_ms)

    def is_well(self, now_ms):
        """Whether this start has proved itself."""
        return now_ms - self._began_ms >= self._well_ms and not self.late(now_ms)


def started(kept):
    """(starts, bytes to keep) at the beginning of a start; ``kept`` is what the last one left."""
    starts = min(MAX_STARTS, (kept[0] if kept else 0) + 1)
    return starts, bytes((starts,))


def is_safe_mode(starts):
    """Whether so many starts without a good one are too many."""
    return starts > SAFE_AFTER


WELL = bytes(1)  # to keep once a start is good
