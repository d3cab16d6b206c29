"""The eyes and the balance of a device: loops that look, and hand what they find to the core."""

import asyncio
from binascii import hexlify

from device.core.flags import Guard
from device.core.lamp import judge_lamp
from device.core.mount import MountGuard
from device.core.tilt import Mount, down_ug
from device.core.view import View, ViewError

LEAST_PAUSE_S = 0.02  # never without a breath: the link shares this processor
NO_CONFIG_PERIOD_MS = 1000
UNKNOWN_SIGN = {"state": "unknown", "lit": "unknown"}


class Watch:
    """Looks through the camera and feels the mount.

    Args:
        board: of ``device/hal``; ``camera`` and ``senses`` may be ``None``.
        config_of: gives the configuration in force or ``None``.
        tell: takes the fields of a flag to be sealed.
        tick: takes the name of a task that got on.
    """

    def __init__(self, board, config_of, tell, tick):
        self._board, self._clock = board, board.clock
        self._config_of, self._tell, self._tick = config_of, tell, tick
        self.guard, self.frames, self.signage = Guard(), 0, UNKNOWN_SIGN
        self.camera_wants_light = False  # the camera beside this board, over their line
        self.felt = {"knocks": 0}  # the fields of ``Reading``
        self._view = self._mount = self._view_hash = None
        self.mount = None
        if board.senses is not None and board.senses.feels:
            self.mount = MountGuard(alone=board.camera is None)

    @property
    def tasks(self):
        """name -> coroutine function, for those senses that are there."""
        found = {"look": self.look}
        if self._board.senses is not None:
            found["feel"] = self.feel
        return found

    async def look(self):
        """The camera's loop."""
        while True:
            started = self._clock.ticks_ms()
            await self._look()
            self._tick("look")
            await self._rest(started)

    async def feel(self):
        """The sensors' loop."""
        while True:
            started = self._clock.ticks_ms()
            await self._feel()
            self._tick("feel")
            await self._rest(started)

    async def _rest(self, started):
        config = self._config_of()
        period_ms = config["check_period_ms"] if config else NO_CONFIG_PERIOD_MS
        spent = self._clock.ticks_diff(self._clock.ticks_ms(), started)
        await asyncio.sleep(max(LEAST_PAUSE_S, (period_ms - spent) / 1000))

    async def _look(self):
        config, now_ms = self._take(), self._clock.now().utc_ms
        if self._board.camera is None:
            return self.guard.blind("no_camera", now_ms)
        view, guard = self._view, self.guard  # an order may change both while a picture comes
        if view is None:
            return guard.blind("not_registered", now_ms)
        try:
            grey = await self._board.camera.grey()
        except Exception as error:  # whatever the driver raises: no picture
            print("camera:", error)
            return guard.blind("signal_lost", now_ms)
        self.frames += 1
        found = view.compare(grey)
        for flag in guard.step(found, config["tolerance"], now_ms):
            self._tell(flag)

    async def _feel(self):
        config, senses = self._take(), self._board.senses
        lit = self.camera_wants_light or bool(config and config["sign"]["lit_required"])
        switched = senses.light(lit)
        current_ma, present = senses.current_ma(), senses.sign_present()
        self.signage = judge_lamp(lit or not switched, current_ma, present, senses.lamp_limits)
        felt, case_open = self.felt, senses.case_open()
        felt["lamp"] = lit if switched else None
        felt["sign_present"], felt["current_ma"] = present, self.signage.get("current_ma")
        felt["case"] = None if case_open is None else "open" if case_open else "closed"
        if self.mount is None:
            return
        mount, known = self.mount, self._mount  # an order may change both meanwhile
        mount.case_open = case_open
        now_ms = self._clock.now().utc_ms
        try:
            samples, temperature_c, knocked = await senses.gravity()
        except OSError as error:
            print("accelerometer:", error)
            felt["gravity_ug"] = felt["temperature_dc"] = None
            return mount.blind("signal_lost", now_ms)
        felt["gravity_ug"], felt["temperature_dc"] = down_ug(samples), round(10 * temperature_c)
        felt["knocks"] += 1 if knocked else 0
        flags = mount.knock(now_ms) if knocked else []
        if known is None:
            mount.blind("not_registered", now_ms)
            mount.temperature_c = temperature_c
        else:
            felt = known.compare(samples, temperature_c, senses.drift_g_per_k)
            tolerance, known_c = config["tolerance"], known.temperature_c
            flags += mount.step(felt, tolerance, temperature_c, known_c, now_ms)
        for flag in flags:
            self._tell(flag)

    def _take(self):
        """The configuration; what it names as registered is read when it changes."""
        config = self._config_of()
        wanted = config.get("view_hash") if config else None
        if wanted != self._view_hash:
            # Evidence against the old view says nothing about the new one.
            self._view_hash, self.guard = wanted, Guard()
            self._view = _read(self._board.files, wanted, ".view", View)
            self._mount = _read(self._board.files, wanted, ".mount", Mount)
            if self.mount is not None:
                self.mount = MountGuard(alone=self._board.camera is None)
        return config


def _read(files, digest, ending, kind):
    data = digest and files.read(hexlify(digest).decode() + ending)
    try:
        return kind.from_bytes(data) if data else None
    except (ViewError, ValueError):
        return None
