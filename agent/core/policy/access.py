"""Does a grant cover a look that was declared?

The agent holds no footage and cannot stop a look; it can say, from the grants it obeyed,
whether a declared one rests on any of them (Order 270 Art. 20 to 22, Order 799 Art. 16 ¶2).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from viewkeeper.agent.core.policy.rules import Grade, Rule, Source
from viewkeeper.protocol.access import Look
from viewkeeper.protocol.fields import Bytes, Int, ListOf, Text, at
from viewkeeper.protocol.vocabulary import AccessAct, AccessCover

KEPT_GRANTS = 16
MIN_PERSONS = 2

REGISTER = Rule(
    "access.register",
    (
        Source("Anhui Order 270 Art. 17(2)", Grade.SECOND_HAND),
        Source("State Council Order 799 Art. 16 ¶2", Grade.PHRASE),
    ),
    "a look at footage is entered: who, when, for what, where it went",
    "查阅、复制、调取视频图像应当登记:人员、时间、用途、去向",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObeyedGrant:
    """What is kept of a grant to hold looks against."""

    message_hash: bytes = at(1, Bytes(32, 32))
    officers: tuple[str, ...] = at(2, ListOf(Text(1, 64), 1, 8))
    from_s: int = at(3, Int(0, 2**40))
    to_s: int = at(4, Int(0, 2**40))
    destination: str = at(5, Text(1, 120))
    not_before: int = at(6, Int(0, 2**40))
    expires_at: int = at(7, Int(0, 2**40))


def cover_of(look: Look, grants: Iterable[ObeyedGrant], at_s: int) -> AccessCover:
    """Whether one of the kept grants covers a look, and if not, what is amiss.

    Args:
        look: as declared.
        grants: the last that were obeyed.
        at_s: when it was declared, Unix seconds by the camera's clock.
    """
    named = next((each for each in grants if each.message_hash == look.grant), None)
    if named is None:
        return AccessCover.NO_GRANT
    persons = set(look.persons)
    if not persons <= set(named.officers) or len(persons) < MIN_PERSONS:
        return AccessCover.OTHER_PERSONS
    if not named.from_s <= look.from_s < look.to_s <= named.to_s:
        return AccessCover.OTHER_FOOTAGE
    if not named.not_before <= at_s < named.expires_at:
        return AccessCover.OTHER_TIME
    if look.act is AccessAct.FETCHED and look.destination != named.destination:
        return AccessCover.OTHER_USE
    return AccessCover.GRANT
