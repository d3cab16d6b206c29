"""Whether a declared look rests on a grant."""

import dataclasses

import pytest

from viewkeeper.agent.core.policy.access import ObeyedGrant, cover_of
from viewkeeper.protocol.access import Look
from viewkeeper.protocol.vocabulary import AccessAct, AccessCover

GRANT = ObeyedGrant(
    message_hash=b"g" * 32,
    officers=("He Ping", "Xu Dan"),
    from_s=1000,
    to_s=2000,
    destination="case file 7",
    not_before=5000,
    expires_at=6000,
)
LOOK = Look(
    act=AccessAct.FETCHED,
    persons=("He Ping", "Xu Dan"),
    purpose="collision",
    from_s=1000,
    to_s=2000,
    destination="case file 7",
    grant=b"g" * 32,
)


@pytest.mark.parametrize(
    ("changes", "at_s", "cover"),
    [
        ({}, 5000, AccessCover.GRANT),
        ({}, 5999, AccessCover.GRANT),
        ({"from_s": 1200, "to_s": 1300}, 5500, AccessCover.GRANT),
        ({"act": AccessAct.VIEWED, "destination": "here"}, 5500, AccessCover.GRANT),
        ({"grant": None}, 5500, AccessCover.NO_GRANT),
        ({"grant": b"h" * 32}, 5500, AccessCover.NO_GRANT),
        ({"persons": ("He Ping",)}, 5500, AccessCover.OTHER_PERSONS),
        ({"persons": ("He Ping", "He Ping")}, 5500, AccessCover.OTHER_PERSONS),
        ({"persons": ("He Ping", "Xu Dan", "Li Wei")}, 5500, AccessCover.OTHER_PERSONS),
        ({"from_s": 999}, 5500, AccessCover.OTHER_FOOTAGE),
        ({"to_s": 2001}, 5500, AccessCover.OTHER_FOOTAGE),
        ({"from_s": 1500, "to_s": 1500}, 5500, AccessCover.OTHER_FOOTAGE),
        ({}, 4999, AccessCover.OTHER_TIME),
        ({}, 6000, AccessCover.OTHER_TIME),
        ({"destination": "a newspaper"}, 5500, AccessCover.OTHER_USE),
    ],
)
def test_a_look_is_held_against_the_grant_it_names(changes, at_s, cover):
    other = dataclasses.replace(GRANT, message_hash=b"o" * 32, officers=("A", "B"))
    assert cover_of(dataclasses.replace(LOOK, **changes), [other, GRANT], at_s) is cover
