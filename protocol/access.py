"""An entry of the access register: who looked at footage, when, why, where it went.

State Council Order 799 Art. 16 ¶2 asks for a register of use (reason, content, unit and
name), Anhui Order 270 Art. 17(2) for person, time, use and destination (REGULATION §1, §2).
The camera's agent holds no footage: it cannot see or stop a look that nobody declares. It
holds, publishes and proves what was declared, and says whether a grant covers it.
"""

from __future__ import annotations

from dataclasses import dataclass

from viewkeeper.protocol.fields import Bytes, Choice, Int, ListOf, Text, at
from viewkeeper.protocol.vocabulary import AccessAct, AccessCover

_HASH = Bytes(32, 32)
_PERSON = Text(1, 64)
_UNIX_S = Int(0, 2**40)
MAX_PERSONS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What whoever lets people look declares; the camera adds what it knows."""

    act: AccessAct = at(1, Choice(AccessAct))
    persons: tuple[str, ...] = at(2, ListOf(_PERSON, 1, MAX_PERSONS))
    """Who looked."""
    unit: str | None = at(3, Text(1, 120), optional=True)
    """For whom they work."""
    purpose: str = at(4, Text(1, 120))
    from_s: int = at(5, _UNIX_S)
    to_s: int = at(6, _UNIX_S)
    """Which footage."""
    destination: str = at(7, Text(1, 120))
    approval: str | None = at(8, Text(1, 80), optional=True)
    """Number of the approval paper."""
    grant: bytes | None = at(9, _HASH, optional=True)
    """SHA-256 of the grant's message, as its verdict names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessEntry:
    """The look as the register holds it, with its place in the ledger."""

    act: AccessAct = at(1, Choice(AccessAct))
    persons: tuple[str, ...] = at(2, ListOf(_PERSON, 1, MAX_PERSONS))
    unit: str | None = at(3, Text(1, 120), optional=True)
    purpose: str = at(4, Text(1, 120))
    from_s: int = at(5, _UNIX_S)
    to_s: int = at(6, _UNIX_S)
    destination: str = at(7, Text(1, 120))
    approval: str | None = at(8, Text(1, 80), optional=True)
    approver: str | None = at(9, _PERSON, optional=True)
    """Who approved; of a grant."""
    cover: AccessCover = at(10, Choice(AccessCover))
    """Whether a grant this camera obeyed covers it."""
    entry: int = at(11, Int())
    """Index in the ledger."""
    entry_hash: bytes = at(12, _HASH)
    """SHA-256 of the ledger's record there: an inspection bundle proves it later."""
    grant: bytes | None = at(13, _HASH, optional=True)
