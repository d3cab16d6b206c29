"""What a board of sensors has with the camera beside it, over their serial line.

It tells what it feels in signed readings, numbered in a row of their own, and takes the camera's
signed wish for the lamp; the link to the broker may go the same way (``net/line.Tunnel``). The
line is inside the case and is believed nothing: readings carry the camera's challenge, a wish
names the reading that it answers.
"""

import asyncio
from binascii import unhexlify

from device.core import cbor, cose, fields
from device.core import lamp_schema as schema
from device.core.errors import Refusal
from device.core.sealing import READING, Sealer
from device.net.line import Line, Tunnel

READ, CHALLENGE, WISH = 0x52, 0x43, 0x4C
LAMP, MAX_WISH_BYTES = b"viewkeeper/v1/lamp", 512  # protocol/lamp.py
READING_S = 10.0
LOOK_S = 0.5  # how soon a change is told
COUNTS_FILE, RESTART_FILE = "boots", "restarting"


class Beside:
    """Args:
    board: of ``device/hal``, with ``open_line()`` and ``watchdog_reset()``.
    about: ``line`` of the settings: ``camera``, its device key in hexadecimal; ``reading_s``.
    device: this board's id.
    seed: of its key.
    watch: feels, and burns the lamp.
    """

    def __init__(self, board, about, device, seed, watch):
        self._clock, self._watch, self._device = board.clock, watch, device
        key = unhexlify(about["camera"])
        self._keys = {cose.kid_of(cose.ED25519, key): (cose.ED25519, key)}
        self._period_ms = round(1000 * about.get("reading_s", READING_S))
        self._boot = board.random(8)
        self._sealer = Sealer(device, self._boot, seed)
        self._files, self._challenge, self._said, self._said_ms = board.files, None, None, 0
        self.boots, self.resets = self._counted(board.watchdog_reset())
        self.line = Line(board.open_line, board.random(4), self._take, self._begin)
        self.tunnel = Tunnel(self.line)

    @property
    def tasks(self):
        return {"line": self.line.run, "tell": self._tell}

    def restarting(self):
        """The next start is wanted: no watchdog made it, whatever the chip says."""
        self._files.write(RESTART_FILE, b"\1")

    def _counted(self, by_watchdog):
        kept = self._files.read(COUNTS_FILE) or bytes(8)
        wanted = self._files.read(RESTART_FILE) == b"\1"
        boots = int.from_bytes(kept[:4], "big") + 1
        resets = int.from_bytes(kept[4:8], "big") + (1 if by_watchdog and not wanted else 0)
        self._files.write(COUNTS_FILE, boots.to_bytes(4, "big") + resets.to_bytes(4, "big"))
        if wanted:
            self._files.write(RESTART_FILE, b"\0")
        return boots, resets

    async def _tell(self):
        """A reading every period, and at once when a switch, a knock or the lamp changed."""
        while True:
            felt, now = self._watch.felt, self._clock.now()
            word = [felt.get(name) for name in ("case", "sign_present", "lamp", "knocks")]
            word.append(self._challenge)
            if word != self._said or now.mono_ms - self._said_ms >= self._period_ms:
                self._said, self._said_ms = word, now.mono_ms
                self._say(felt, now)
            await asyncio.sleep(LOOK_S)

    def _say(self, felt, now):
        body = dict(felt)
        body["boots"], body["watchdog_resets"] = self.boots, self.resets
        body["challenge"] = self._challenge
        self.line.put_newest(READ, self._sealer.seal(READING, body, now))

    def _begin(self):
        self.tunnel.drop()
        self._challenge = self._said = None

    def _take(self, kind, payload):
        if kind == CHALLENGE:
            self._challenge = payload if len(payload) == 8 else None
        elif kind == WISH:
            try:
                self._watch.camera_wants_light = self._wish(payload)
            except Refusal as refusal:
                print("line: a wish for the lamp is refused:", refusal)
        elif kind in (Tunnel.OPEN, Tunnel.DATA, Tunnel.END):
            return self.tunnel.take(kind, payload)

    def _wish(self, message):
        payload, _ = cose.open_sign1(message, self._keys, LAMP, MAX_WISH_BYTES)
        wish = fields.parse(schema.LAMP_WISH, cbor.decode(payload))
        if wish["board"] != self._device:
            raise Refusal("other_device", "for another board")
        # The newest reading, or the one before: they may cross on the line.
        if wish["boot"] != self._boot or wish["sequence"] + 1 < self._sealer.sequence:
            raise Refusal("replayed", "it answers an old reading")
        return wish["lit"]
