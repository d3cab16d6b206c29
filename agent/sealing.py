"""Numbers, stamps and signs what this device says: one row of records a boot."""

from __future__ import annotations

import threading

from viewkeeper.agent.ports import Clock
from viewkeeper.protocol import cose
from viewkeeper.protocol.records import Body, Header, Record, seal


class Sealer:
    """Makes signed records. Safe to call from any thread.

    Args:
        device: this device's id.
        boot: 8 random bytes, new each boot.
        signer: the device key.
        clock: stamps every record.
    """

    def __init__(self, device: str, boot: bytes, signer: cose.Signer, clock: Clock) -> None:
        self._device, self._boot, self._signer, self._clock = device, boot, signer, clock
        self._lock = threading.Lock()
        self._sequence = 0

    def seal(self, body: Body) -> tuple[Header, bytes]:
        """The next record of the row: its header and the signed message."""
        with self._lock:
            self._sequence += 1
            sequence = self._sequence
        now = self._clock.read()
        header = Header(
            device=self._device,
            boot=self._boot,
            sequence=sequence,
            utc_ms=max(0, int(now.utc_s * 1000)),
            mono_ms=int(now.mono_s * 1000),
            clock=now.trust,
        )
        return header, seal(Record(header, body), self._signer)
