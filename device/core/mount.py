"""From single looks at gravity, knocks and the case switch to what stands, and flags.

One look is a gust; ``CONFIRM`` alike in a row are a verdict, as with pictures.
"""

from device.core.flags import Belief
from device.core.tilt import judge

QUIET_MS = 10_000  # one knock rings: what follows within this belongs to it


class MountGuard(Belief):
    """What is believed of the mount over time.

    Args:
        alone: there is no camera here, so that a move is flagged from gravity.
    """

    def __init__(self, alone):
        super().__init__()
        self.felt = self.temperature_c = self.registered_c = None
        self.case_open = None
        self._alone = alone
        self._moved_ms = None
        self._struck_ms = None

    def step(self, felt, tolerance, temperature_c, registered_c, now_ms):
        """Take one look in; the flags that began or ended."""
        self.temperature_c, self.registered_c = temperature_c, registered_c
        if not self.confirms(judge(felt, tolerance), now_ms):
            return []
        self.felt = felt if felt.cause is None else None
        return self._moved(now_ms)

    def blind(self, cause, now_ms):
        """The sensor is silent or no mount is registered."""
        super().blind(cause, now_ms)
        self.felt = None

    def knock(self, now_ms):
        """A knock was felt; its flag, once until it has been quiet."""
        last, self._struck_ms = self._struck_ms, now_ms
        if last is not None and now_ms - last < QUIET_MS:
            return []
        return [_flag("camera_struck", "knock", now_ms)]

    def report(self):
        """The fields of ``MountReport``."""
        told = {"verdict": self.verdict, "since_ms": self.since_ms}
        if self.cause is not None:
            told["cause"] = self.cause
        if self.felt is not None:
            told["tilt_mdeg"] = round(self.felt.tilt * 1000)
            told["roll_mdeg"] = round(self.felt.roll * 1000)
            told["error_mdeg"] = round(self.felt.error * 1000)
        if self.temperature_c is not None:
            told["temperature_dc"] = round(self.temperature_c * 10)
        if self.registered_c is not None:
            told["registered_dc"] = round(self.registered_c * 10)
        if self.case_open is not None:
            told["case"] = "open" if self.case_open else "closed"
        return told

    def _moved(self, now_ms):
        if not self._alone:
            return []
        if self.verdict == "moved" and self._moved_ms is None:
            self._moved_ms = self.since_ms
            return [_flag("camera_moved", "gravity", self._moved_ms)]
        if self.verdict == "same" and self._moved_ms is not None:
            flag = _flag("camera_moved", "gravity", self._moved_ms)
            flag["ended_ms"], self._moved_ms = now_ms, None
            return [flag]
        return []


def _flag(event, detector, started_ms):
    # GB/T 28181: a device alarm, tampering.
    return {
        "event": event,
        "started_ms": started_ms,
        "confidence_permille": 990,
        "alarm_method": 2,
        "alarm_type": 2,
        "detector": detector,
    }
