"""Fields that orders, records and checkpoints have in common.

In a module of their own: whoever reads orders need not load every record there is.
"""

from __future__ import annotations

from viewkeeper.protocol.fields import Bytes, Text
from viewkeeper.protocol.topics import ID_PATTERN

DEVICE_ID = Text(1, 32, ID_PATTERN)
HASH = Bytes(32, 32)
HALF_HASH = Bytes(16, 16)
SHORT_HASH = Bytes(8, 8)
