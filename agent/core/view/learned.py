"""One learned reference: a second picture of the accepted pose, in another light.

Rule: it says only how the accepted view looks in that light, and where it stood when that was
learned; what may become one is `reference_set`'s to say.

Format, version 1, little-endian: ``VKLR``, version u8, SHA-256 of the accepted view, moment f64
(Unix seconds), offset 4 f64 (pan, tilt, roll in degrees, zoom), its standard errors 4 f64, then
the bytes of a registered view.
"""

from __future__ import annotations

import hashlib
import math
import struct
from dataclasses import dataclass, field

from viewkeeper.agent.core.view.estimate import MoveError
from viewkeeper.agent.core.view.geometry import Move
from viewkeeper.agent.core.view.registered import RegisteredView, RegistrationError

_HEADER = struct.Struct("<4sB32s9d")
_MAGIC, _VERSION = b"VKLR", 1


@dataclass(frozen=True, slots=True)
class Learned:
    """Another look of the accepted view.

    Attributes:
        accepted: digest of the accepted view.
        at_s: when it was learned, Unix seconds.
        offset: of its pose from the accepted one, as the accepted view measured it.
        error: standard errors of the offset.
        view: the reference itself.
    """

    accepted: bytes
    at_s: float
    offset: Move
    error: MoveError
    view: RegisteredView = field(compare=False)

    @property
    def digest(self) -> bytes:
        """SHA-256 of the bytes: what the ledger enters."""
        return hashlib.sha256(self.to_bytes()).digest()

    def to_bytes(self) -> bytes:
        """The file."""
        offset, error = self.offset, self.error
        numbers = (
            *(self.at_s, offset.pan_deg, offset.tilt_deg, offset.roll_deg, offset.zoom),
            *(error.pan_deg, error.tilt_deg, error.roll_deg, error.zoom),
        )
        header = _HEADER.pack(_MAGIC, _VERSION, self.accepted, *numbers)
        return header + self.view.to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Learned:
        """Read a file.

        Raises:
            RegistrationError: ``damaged`` or ``version``.
        """
        damaged = "delete the learned reference; it is learned anew"
        if len(data) < _HEADER.size or data[:4] != _MAGIC:
            raise RegistrationError("damaged", damaged)
        if data[4] != _VERSION:
            raise RegistrationError("version", f"this agent reads version {_VERSION} only")
        _, _, accepted, at_s, *numbers = _HEADER.unpack_from(data)
        if not all(map(math.isfinite, (at_s, *numbers))) or min(numbers[3:]) < 0 or not numbers[3]:
            raise RegistrationError("damaged", damaged)
        view = RegisteredView.from_bytes(data[_HEADER.size :])
        return cls(accepted, at_s, Move(*numbers[:4]), MoveError(*numbers[4:]), view)
