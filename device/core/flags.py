"""From single pictures to a verdict that stands, and the flags covered and moved.

One picture is a lorry; ``CONFIRM`` alike in a row are a verdict.
"""

CONFIRM = 3


class Belief:
    """A verdict that stands once ``CONFIRM`` looks in a row agree.

    Attributes:
        verdict, cause: words of ``ViewVerdict`` and ``ViewCause``.
        since_ms: since when it stands.
    """

    def __init__(self):
        self.verdict, self.cause, self.since_ms = "cannot_tell", "starting", 0
        self._next, self._count, self._began_ms = None, 0, 0

    def confirms(self, judged, now_ms):
        """Take one look's (verdict, cause) in; whether it is what stands now."""
        if judged == (self.verdict, self.cause):
            self._next = None
            return True
        if judged != self._next:
            self._next, self._count, self._began_ms = judged, 0, now_ms
        self._count += 1
        if self._count < CONFIRM:
            return False
        self.verdict, self.cause = judged
        self.since_ms, self._next = self._began_ms, None
        return True

    def blind(self, cause, now_ms):
        """There is nothing to judge, or nothing to judge by: that stands at once."""
        if (self.verdict, self.cause) != ("cannot_tell", cause):
            self.verdict, self.cause, self.since_ms = "cannot_tell", cause, now_ms
        self._next = None


class Guard(Belief):
    """What is believed of the view over time.

    Attributes:
        found: the last ``view.Found`` behind the verdict; ``None`` where nothing was measured.
    """

    def __init__(self):
        super().__init__()
        self.found = None
        self._open = {}  # event -> when it began

    def step(self, found, tolerance, now_ms):
        """Take one picture's ``Found`` in; the flags that began or ended, to be sealed.

        Args:
            tolerance: of the configuration, millidegrees and parts per million.
        """
        if not self.confirms(judge(found, tolerance), now_ms):
            return []
        self.found = found if found.cause is None else None
        return self._flags(now_ms)

    def blind(self, cause, now_ms):
        """There is no picture or no view to judge by."""
        super().blind(cause, now_ms)
        self.found = None

    def _flags(self, now_ms):
        told = []
        for event, kind, holds, ends in (
            ("camera_covered", 13, self.cause == "covered", self.cause != "covered"),
            # A camera that was moved and cannot tell now has not been put back.
            ("camera_moved", 11, self.verdict == "moved", self.verdict == "same"),
        ):
            flag = {"event": event, "confidence_permille": 990}
            flag["alarm_method"], flag["alarm_type"] = 5, kind  # GB/T 28181: video alarm
            if holds and event not in self._open:
                self._open[event] = flag["started_ms"] = self.since_ms
                told.append(flag)
            elif ends and event in self._open:
                flag["started_ms"], flag["ended_ms"] = self._open.pop(event), now_ms
                told.append(flag)
        return told


def judge(found, tolerance):
    """(verdict, cause) of one picture."""
    if found.cause is not None:
        return "cannot_tell", found.cause
    limits = (
        tolerance["pan_mdeg"] / 1000,
        tolerance["tilt_mdeg"] / 1000,
        tolerance["roll_mdeg"] / 1000,
        tolerance["zoom_ppm"] / 1e6,
    )
    moves = (found.pan, found.tilt, found.roll, found.zoom - 1)
    excess = max(abs(move) / limit for move, limit in zip(moves, limits))
    doubt = max(error / limit for error, limit in zip(found.errors, limits))
    if doubt > 1 and excess < 1 + 4 * doubt:
        return "cannot_tell", "imprecise"
    return ("moved" if excess > 1 else "same"), None
