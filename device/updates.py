"""A signed program fetched over the device's own link, piece by piece, and then tried.

The desk offers the signed statement; the device checks it as one that came over the console and
asks for what it lacks, so a cut or a restart costs one piece. What is whole is started, tried and
proved or given up as any other (``core/update.py``, ``loader.py``).
"""

from hashlib import sha256

from device.core import cbor, fields
from device.core import update as rules
from device.core import update_schema as schema
from device.core.errors import Refusal

OFFER, PIECE, WANT = "update/offer", "update/piece", "update/want"
ASK_AGAIN_MS = 10_000
MAX_SPOILT = 3  # files that were not what was signed, before the offer is given up
NOTE_PAUSE_MS = 60_000
RESTART_MS = 3000  # the last words go out first


class Updates:
    """What is being fetched.

    Args:
        programs: of the board.
        trust: gives the device's keyset and clock floor.
        say: takes topic and bytes of a word that a newer one replaces.
        note: takes a text for the ledger.
        tell: takes the fields of ``UpdateProgress``, to be signed.
    """

    def __init__(self, programs, trust, say, note, tell):
        self._programs, self._trust, self._say, self._note = programs, trust, say, note
        self._tell, self._version = tell, None
        self._digest = self._asked_ms = self._noted_ms = self._ready_ms = None
        self._spoilt = 0

    def resume(self, now):
        """At the start: go on with what was being fetched."""
        staged = self._programs.staged
        if staged is not None:
            self.on_offer(staged, now)

    def on_offer(self, envelope, now):
        """A signed statement: begin, go on, or say why not."""
        envelope = bytes(envelope)
        digest = sha256(envelope).digest()[:8]
        if digest == self._digest:
            return self._ask(now)
        if self._ready_ms is not None:
            return None
        try:
            self._programs.begin(envelope, lambda *given: self._check(now, *given))
        except Refusal as refusal:
            return self._refuse(digest, refusal, now)
        self._digest, self._spoilt = digest, 0
        self._tell("offered", self._version)
        return self._ask(now)

    def on_piece(self, payload, now):
        """Bytes that were asked for; all else is passed over."""
        if self._digest is None:
            return
        try:
            piece = fields.parse(schema.UPDATE_PIECE, cbor.decode(payload))
            if piece["digest"] == self._digest:
                self._programs.take(piece["offset"], piece["data"])
                self._ask(now)
        except Refusal as refusal:
            self._spoil(refusal, now)

    def turn(self, now):
        """Now and then: ask again for what did not come."""
        if self._digest is not None and now.mono_ms - self._asked_ms >= ASK_AGAIN_MS:
            self._ask(now)

    def wants_restart(self, now_ms):
        """Whether a whole program waits to be tried."""
        return self._ready_ms is not None and now_ms - self._ready_ms >= RESTART_MS

    def _check(self, now, envelope, counter):
        trust = self._trust()
        floor_s, target = trust["clock_floor_s"], self._programs.target
        told = rules.check(envelope, trust["keyset"], now, floor_s, counter, target)
        self._version = told["version"]
        return told

    def _ask(self, now):
        self._asked_ms = now.mono_ms
        try:
            wanted = self._programs.wanted()
        except Refusal as refusal:
            return self._spoil(refusal, now)
        if wanted is not None:
            return self._want(self._digest, wanted)
        told = self._programs.finish()
        self._note("program %s came over the link and is on trial" % told["version"])
        self._tell("taken", told["version"])
        self._want(self._digest, (0, 0))
        self._digest, self._ready_ms = None, now.mono_ms

    def _spoil(self, refusal, now):
        """Not what was signed: it is asked for again, but not for ever."""
        if refusal.reason != "bad_signature":
            return
        self._spoilt += 1
        if self._spoilt < MAX_SPOILT:
            return self._ask(now)
        digest, self._digest = self._digest, None
        self._programs.forget()
        self._refuse(digest, refusal, now)

    def _refuse(self, digest, refusal, now):
        if self._noted_ms is None or now.mono_ms - self._noted_ms >= NOTE_PAUSE_MS:
            self._noted_ms = now.mono_ms
            self._note("an offered program was refused: " + refusal.reason)
            self._tell("refused", None, refusal.reason)
        self._want(digest, (0, 0), refusal.reason)

    def _want(self, digest, wanted, reason=None):
        want = {"digest": digest, "offset": wanted[0], "length": wanted[1], "reason": reason}
        self._say(WANT, cbor.encode(fields.pack(schema.UPDATE_WANT, want)))
