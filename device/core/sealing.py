"""Numbers, stamps and signs what this device says: one row of records a boot."""

from device.core import cbor, cose, ed25519, fields
from device.core import record_schema as schema

REPORT, EVENT, ALARM, VERDICT, GAP, CLOCK_FIX, READING, UPDATE = 1, 2, 3, 4, 5, 6, 8, 9


def table_of(kind):
    """The table of a record's body; ``None``: nobody knows that kind."""
    table = schema.RECORDS.get(kind)
    if table is None:
        from device.core.rare_schema import RECORDS

        table = RECORDS.get(kind)
    return table


class Sealer:
    """Makes signed records; ``boot`` is 8 random bytes, new each boot."""

    def __init__(self, device, boot, seed):
        self._device, self._boot, self._seed = device, boot, seed
        self.public = ed25519.public_key(seed)
        self.sequence = 0

    def seal(self, kind, body, now):
        """The next record of the row, signed. Refuses (ours to mend) a field out of range."""
        packed = fields.pack(table_of(kind), body)
        self.sequence += 1
        header = {
            "device": self._device,
            "boot": self._boot,
            "sequence": self.sequence,
            "utc_ms": max(0, now.utc_ms),
            "mono_ms": now.mono_ms,
            "clock": now.clock,
        }
        record = fields.pack(schema.HEADER, header)
        record[1], record[8] = kind, packed
        return cose.sign1(cbor.encode(record), self._seed, self.public, cose.RECORD)

    def seal_checkpoint(self, checkpoint):
        """A signed checkpoint of the ledger."""
        payload = cbor.encode(fields.pack(schema.CHECKPOINT, checkpoint))
        return cose.sign1(payload, self._seed, self.public, cose.CHECKPOINT)
