"""What is to be said, in order and in bounded memory: rules only, no socket, no clock.

Two sorts of message. *Latest*: what stands retained (report, mirror, checkpoint, alarm); a newer
one replaces an older one that is still waiting. *Kept*: events and verdicts, each one counts; they
wait for PUBACK, and what was not sent on the connection it was made for goes out by its late topic
(``history``), so that nothing old overwrites what stands. When the box is full the oldest kept
message goes, and the loss is counted so that it can be said.
"""

WINDOW = 4  # publications without PUBACK at a time: a broker's answer takes a round trip
MAX_KEPT = 32
MAX_BYTES = 24_576
MAX_PACKET_ID = 65_534  # 65,535 is the subscription's: no two on their way share one (§2.3.1)


class Item:
    """One message and how far it got."""

    def __init__(self, topic, payload, retain, late_topic, sequence):
        self.topic = topic
        self.payload = payload
        self.retain = retain
        self.late_topic = late_topic  # None: a latest-only message
        self.sequence = sequence
        self.packet_id = 0  # 0: not sent yet


class Outbox:
    """A bounded row of messages with a window of unacknowledged ones.

    Attributes:
        lost: kept messages dropped since ``take_loss``; first and last sequence beside it.
    """

    def __init__(self, max_kept=MAX_KEPT, max_bytes=MAX_BYTES, window=WINDOW):
        self.max_kept, self.max_bytes, self.window = max_kept, max_bytes, window
        self._rows = []
        self._next_id = 0
        self.lost = 0
        self.first_lost = self.last_lost = 0

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
                return True
        return False

    def unacknowledged(self):
        """What to send again after a reconnect, in order and under the same numbers (§4.4)."""
        return [row for row in self._rows if row.packet_id]

    def connection_lost(self):
        """What waits now was made for a connection that is no more: kept rows go out late."""
        for row in self._rows:
            if not row.packet_id and row.late_topic is not None:
                row.topic, row.retain = row.late_topic, False

    def take_loss(self):
        """(lost, first sequence, last sequence) and start counting anew; ``None`` where nothing."""
        if not self.lost:
            return None
        told = (self.lost, self.first_lost, self.last_lost)
        self.lost = 0
        return told

    def _shrink(self):
        while self._is_full():
            waiting = [r for r in self._rows if r.late_topic is not None and not r.packet_id]
            if not waiting:
                return  # only latest words and what is on its way: bounded by topics and window
            row = waiting[0]
            self._rows.remove(row)
            if not self.lost:
                self.first_lost = row.sequence
            self.lost += 1
            self.last_lost = row.sequence

    def _is_full(self):
        kept = sum(1 for row in self._rows if row.late_topic is not None)
        return kept > self.max_kept or self.size_bytes > self.max_bytes

    def _new_id(self):
        used = [row.packet_id for row in self._rows]
        while True:
            self._next_id = self._next_id % MAX_PACKET_ID + 1
            if self._next_id not in used:
                return self._next_id
