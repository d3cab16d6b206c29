"""What is to be said, in order and in bounded memory: rules only, no socket, no clock.

Two sorts of message. *Latest*: what stands retained (report, mirror, checkpoint, standing alarm); a
newer one replaces an older one that is still waiting. *Kept*: events, alarms, verdicts, each one
counts; they wait for PUBACK, and what was not sent on the connection it was made for goes out by
its late topic (``history``), so that nothing old overwrites what stands.

Kept messages that cannot go out at once are put into a spool on flash (``device/store/spool.py``)
and said again from there, oldest first and no faster than the link asks for them; what is new goes
before them. Where there is too much the oldest goes, and the loss is counted so that it can be
said. Without a spool, or where the flash takes nothing, all of that happens in RAM.
"""

WINDOW = 4  # publications without PUBACK at a time: a broker's answer takes a round trip
MAX_KEPT = 32
MAX_BYTES = 24_576
MAX_PACKET_ID = 65_534  # 65,535 is the subscription's: no two on their way share one (§2.3.1)
PATIENCE_MS = 5000  # a broker that has not acknowledged for so long may never do
WRITE_PAUSE_MS = 10_000  # between two writes: flash wears, and an outage may last for weeks


class Item:
    """One message and how far it got."""

    def __init__(self, topic, payload, retain, late_topic, sequence):
        self.topic = topic
        self.payload = payload
        self.retain = retain
        self.late_topic = late_topic  # None: a latest-only message
        self.sequence = sequence
        self.packet_id = 0  # 0: not sent yet
        self.key = None  # in the spool
        self.since_ms = None


class Outbox:
    """A bounded row of messages with a window of unacknowledged ones.

    Args:
        spool: on flash; ``None``: a power cut loses what the broker has not acknowledged.
        late_topic: by which what comes back from the spool goes out.

    Attributes:
        lost: kept messages dropped from RAM since they were last told of.
        fault: why the flash took nothing the last time; ``None`` where it did.
    """

    def __init__(
        self, max_kept=MAX_KEPT, max_bytes=MAX_BYTES, window=WINDOW, spool=None, late_topic=""
    ):
        self.max_kept, self.max_bytes, self.window = max_kept, max_bytes, window
        self._rows, self._spool, self._late_topic = [], spool, late_topic
        self._next_id = 0
        self._online, self._written_ms = False, None
        self.fault = None
        self.lost = 0
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
        """Put on flash what waits there safer; to be called once a second and after ``put_kept``.

        Without a connection everything kept, at most once in ``WRITE_PAUSE_MS``; with one what
        the broker has not acknowledged for ``PATIENCE_MS``. ``now_ms``: never goes back.
        """
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
            if not row.packet_id:
                row.packet_id = self._new_id()
                return row
        return None

    def acknowledge(self, packet_id):
        """The broker has it; false where nothing of that number was on its way."""
        for index, row in enumerate(self._rows):
            if row.packet_id == packet_id:
                del self._rows[index]
                if row.key is not None:
                    self._spool.done(row.key)
                return True
        return False

    def unacknowledged(self):
        """What to send again after a reconnect, in order and under the same numbers (§4.4)."""
        return [row for row in self._rows if row.packet_id]

    def recall(self):
        """Take one message back from the spool into the row; false where there is none or no room.

        Called as often as may be said a second; one place of the window stays for what is new.
        """
        if self._spool is None or self._spool.is_empty or len(self._rows) >= self.window - 1:
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
        self._online = True
        self._make_late()

    def connection_lost(self):
        """What waits is put on flash at the next ``settle``."""
        self._online = False
        self._make_late()

    @property
    def losses(self):
        """[(boot or ``None`` for this one, first sequence, last sequence, how many)]."""
        told = [] if self._spool is None else self._spool.losses
        if self.lost:
            told.append((None, self._first_lost, self._last_lost, self.lost))
        return told

    def forget_losses(self):
        """The messages that tell of them were just put: they outlast a power cut from now on."""
        self.lost = 0
        if self._spool is not None and self._spool.losses and self._spill(self._unspooled()):
            self._spool.forget_losses()

    def _unspooled(self):
        return [row for row in self._rows if row.late_topic is not None and row.key is None]

    def _spill(self, rows):
        """Put rows on flash; what is not on its way leaves RAM. False where flash took nothing."""
        try:
            records = [(row.sequence, row.payload) for row in rows]
            keys = self._spool.append(records, [row.packet_id > 0 for row in rows])
        except OSError as error:
            self.fault = str(error)
            return False
        self.fault = None
        for row, key in zip(rows, keys):
            row.key = key
        gone = [row for row in rows if not row.packet_id]
        self._rows = [row for row in self._rows if row not in gone]
        return True

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
            if not self.lost:
                self._first_lost = row.sequence
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
