"""What is to be said, in order and in bounded memory: rules only, no socket, no clock.

Two sorts of message. *Latest*: what stands retained (report, mirror, checkpoint, standing alarm); a
newer one replaces an older one that is still waiting. *Kept*: events, alarms, verdicts, each one
counts; what was not sent on the connection it was made for goes out by its late topic
(``history``), so that nothing old overwrites what stands.

A broker that acknowledges may still lose a message. With ``receipts`` a kept one is this device's
until a recorder's receipt names it (docs/decisions/0013): it is said again on the next connection,
or where no receipt came in ``RESEND_MS``, then in twice that and so on. Without, PUBACK ends it.

Kept messages that are not done within seconds are put into a spool on flash
(``device/store/spool.py``) and said again from there, oldest first and no faster than the link
asks for them; what is new goes before them. Where there is too much the oldest goes, and the loss
is counted so that it can be said. Without a spool, or where the flash takes nothing, all of that
happens in RAM.
"""

WINDOW = 4  # publications without PUBACK at a time: a broker's answer takes a round trip
MAX_KEPT = 32
MAX_BYTES = 24_576
MAX_PACKET_ID = 65_534  # 65,535 is the subscription's: no two on their way share one (§2.3.1)
PATIENCE_MS = 5000  # what is not done by then is put on flash
WRITE_PAUSE_MS = 10_000  # between two writes: flash wears, and an outage may last for weeks
RESEND_MS, RESEND_MOST_MS = 300_000, 21_600_000  # as agent/adapters/link/unconfirmed.py
LINES_TRIED = 2  # without a receipt: a recorder that is away is not met by a heap of the same


class Item:
    """One message and how far it got."""

    def __init__(self, topic, payload, retain, late_topic, sequence):
        self.topic = topic
        self.payload = payload
        self.retain = retain
        self.late_topic = late_topic  # None: a latest-only message
        self.sequence = sequence
        self.packet_id = 0  # 0: not on its way
        self.is_with_broker = False  # and its receipt is to come
        self.is_confirmed = False  # before its PUBACK
        self.key = None  # in the spool
        self.since_ms = None


class Outbox:
    """A bounded row of messages with a window of unacknowledged ones.

    Args:
        spool: on flash; ``None``: a power cut loses what the broker has not acknowledged.
        late_topic: by which what comes back from the spool goes out.
        boot: 8 bytes, of the records that are put here; a site with a recorder gives receipts by
            it. ``None``: PUBACK is all that is waited for.
        resend_ms: how long a receipt may take on a connection that holds.

    Attributes:
        lost, unconfirmed: kept messages dropped from RAM since they were last told of; those that
            nobody has, and those that a broker had.
        fault: why the flash took nothing the last time; ``None`` where it did.
    """

    def __init__(
        self,
        max_kept=MAX_KEPT,
        max_bytes=MAX_BYTES,
        window=WINDOW,
        spool=None,
        late_topic="",
        boot=None,
        resend_ms=RESEND_MS,
    ):
        self.max_kept, self.max_bytes, self.window = max_kept, max_bytes, window
        self._rows, self._spool, self._late_topic, self._boot = [], spool, late_topic, boot
        self._next_id = 0
        self._online, self._written_ms = False, None
        self._resend_ms = self._wait_ms = resend_ms
        self._again_ms, self._tried = None, 0
        self.fault = None
        self.lost = self.unconfirmed = 0
        self._first_lost = self._last_lost = 0

    def __len__(self):
        return len(self._rows)

    @property
    def size_bytes(self):
        return sum(len(row.payload) for row in self._rows)

    @property
    def in_flight(self):
        return sum(1 for row in self._rows if row.packet_id)

    def put_latest(self, topic, payload, retain=True):
        """Say what stands now; an older waiting word on the topic is forgotten."""
        self._rows = [
            row
            for row in self._rows
            if row.packet_id or row.late_topic is not None or row.topic != topic
        ]
        self._rows.append(Item(topic, payload, retain, None, 0))
        self._shrink()

    def put_kept(self, topic, payload, late_topic, sequence, retain=False):
        """Say what must not be lost."""
        self._rows.append(Item(topic, payload, retain, late_topic, sequence))
        self._shrink()

    def settle(self, now_ms):
        """What the time asks for; to be called once a second and after ``put_kept``.

        Without a connection everything kept goes on flash, at most once in ``WRITE_PAUSE_MS``; with
        one what is not done after ``PATIENCE_MS``. ``now_ms``: never goes back.
        """
        self._say_again(now_ms)
        if self._spool is None:
            return
        due = []
        for row in self._unspooled():
            if row.since_ms is None:
                row.since_ms = now_ms
            if not self._online or now_ms - row.since_ms >= PATIENCE_MS:
                due.append(row)
        wrote_ms = self._written_ms
        if due and (wrote_ms is None or now_ms - wrote_ms >= WRITE_PAUSE_MS):
            self._written_ms = now_ms
            self._spill(due)

    def next_to_send(self):
        """The next message, with its packet id; ``None``: the window is full or all is said."""
        if self.in_flight >= self.window:
            return None
        for row in self._rows:
            if not row.packet_id and not row.is_with_broker:
                row.packet_id = self._new_id()
                return row
        return None

    def acknowledge(self, packet_id):
        """The broker has it; false where nothing of that number was on its way."""
        for index, row in enumerate(self._rows):
            if row.packet_id == packet_id:
                row.packet_id = 0
                awaits = self._boot is not None and row.late_topic is not None
                if awaits and row.key is None and not row.is_confirmed:
                    row.is_with_broker = True
                    return True
                del self._rows[index]
                if row.key is not None and not awaits:
                    self._spool.done(row.key)
                return True
        return False

    def confirm(self, places):
        """A recorder has these: a set of (boot, sequence)."""
        known = False
        for row in list(self._rows):
            place = (self._boot, row.sequence)
            if row.late_topic is not None and row.key is None and place in places:
                places.remove(place)
                known = row.is_confirmed = True
                if not row.packet_id:
                    self._rows.remove(row)
        if places and self._spool is not None:
            known = self._spool.confirm(places) or known
        if known:
            # There is a recorder: what it has not got by now it may never get.
            self._wait_ms, self._tried = self._resend_ms, 0

    def unacknowledged(self):
        """What to send again after a reconnect, in order and under the same numbers (§4.4)."""
        return [row for row in self._rows if row.packet_id]

    def recall(self):
        """Take one message back from the spool into the row; false where there is none or no room.

        Called as often as may be said a second; one place of the window stays for what is new.
        """
        if self._spool is None or self._spool.is_said:
            return False
        if sum(1 for row in self._rows if not row.is_with_broker) >= self.window - 1:
            return False
        found = self._spool.next()
        if found is None:
            return False
        row = Item(self._late_topic, found[1], False, self._late_topic, 0)
        row.key = found[0]
        self._rows.append(row)
        return True

    def connection_made(self):
        """What waits was made for no connection or for one that is no more: it goes out late."""
        self._online, self._again_ms = True, None
        if self._tried < LINES_TRIED:
            self._rewind()
        self._make_late()

    def connection_lost(self):
        """What waits is put on flash at the next ``settle``."""
        self._online = False
        self._make_late()

    @property
    def losses(self):
        """[(boot or ``None`` for this one, first, last sequence, lost, unconfirmed)]."""
        told = [] if self._spool is None else self._spool.losses
        if self.lost or self.unconfirmed:
            first, last = self._first_lost, self._last_lost
            told.append((None, first, last, self.lost, self.unconfirmed))
        return told

    def forget_losses(self):
        """The messages that tell of them were just put: they outlast a power cut from now on."""
        self.lost = self.unconfirmed = 0
        if self._spool is not None and self._spool.losses and self._spill(self._unspooled()):
            self._spool.forget_losses()

    def _unspooled(self):
        rows = [row for row in self._rows if row.late_topic is not None and row.key is None]
        return [row for row in rows if not row.is_confirmed]

    def _spill(self, rows):
        """Put rows on flash; what is not on its way leaves RAM. False where flash took nothing."""
        try:
            records = [(row.sequence, row.payload) for row in rows]
            said = [row.packet_id > 0 or row.is_with_broker for row in rows]
            keys = self._spool.append(records, said)
        except OSError as error:
            self.fault = str(error)
            return False
        self.fault = None
        for row, key in zip(rows, keys):
            row.key = key
        gone = [row for row in rows if not row.packet_id]
        self._rows = [row for row in self._rows if row not in gone]
        return True

    def _say_again(self, now_ms):
        """What no receipt came for in time is said again, once all has been said."""
        if self._boot is None or not self._online or not self._awaits():
            self._again_ms = None
            return
        if self._again_ms is None or self._again_ms > now_ms + self._wait_ms:
            self._again_ms = now_ms + self._wait_ms
        if now_ms >= self._again_ms and (self._spool is None or self._spool.is_said):
            self._rewind()
            self._make_late()
            self._wait_ms = min(2 * self._wait_ms, RESEND_MOST_MS)
            self._again_ms = now_ms + self._wait_ms

    def _awaits(self):
        if self._spool is not None and not self._spool.is_empty:
            return True
        return any(row.is_with_broker for row in self._rows)

    def _rewind(self):
        if self._boot is None or not self._awaits():
            return
        self._tried += 1
        for row in self._rows:
            row.is_with_broker = False
        if self._spool is not None:
            self._spool.rewind([row.key for row in self._rows if row.key is not None])

    def _make_late(self):
        for row in self._rows:
            if not row.packet_id and row.late_topic is not None:
                row.topic, row.retain = row.late_topic, False

    def _shrink(self):
        if self._spool is not None and self._is_full():
            self._spill(self._unspooled())
        while self._is_full():
            waiting = [r for r in self._unspooled() if not r.packet_id]
            if not waiting:
                return  # only latest words and what is on its way: bounded by topics and window
            row = waiting[0]
            self._rows.remove(row)
            if not self.lost and not self.unconfirmed:
                self._first_lost = row.sequence
            if row.is_with_broker:
                self.unconfirmed += 1
            else:
                self.lost += 1
            self._last_lost = row.sequence

    def _is_full(self):
        kept = sum(1 for row in self._rows if row.late_topic is not None)
        return kept > self.max_kept or self.size_bytes > self.max_bytes

    def _new_id(self):
        used = [row.packet_id for row in self._rows]
        while True:
            self._next_id = self._next_id % MAX_PACKET_ID + 1
            if self._next_id not in used:
                return self._next_id
