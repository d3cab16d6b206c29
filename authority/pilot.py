"""The keys and the keyset a new desk starts with."""

from __future__ import annotations

from collections.abc import Sequence

from viewkeeper.authority.key_cabinet import KeyCabinet, Passphrase
from viewkeeper.protocol.orders import Keyset, Threshold
from viewkeeper.protocol.vocabulary import Role


def first_keyset(
    cabinet: KeyCabinet, persons: Sequence[str], *, now_s: int, passphrase: Passphrase
) -> Keyset:
    """Make one key a person and role, and keyset 1 of them.

    With one or two persons thresholds are 1 and nobody may look at footage. From three on,
    root takes two persons, and the first approves what the others look at. Who may replace a
    device's program may replace everything there: that takes as many persons as root.
    """

    def make(name: str, person: str, role: Role) -> None:
        cabinet.new_key(name, person, [role], now_s=now_s, passphrase=passphrase)

    first, *others = persons
    for number, person in enumerate(persons, 1):
        make(f"root-{number}", person, Role.ROOT)
        make(f"update-{number}", person, Role.UPDATE)
    for role in (Role.CONFIGURATION, Role.LIFECYCLE):
        make(role.value, first, role)
    thresholds = {Role.ROOT: 1, Role.CONFIGURATION: 1, Role.LIFECYCLE: 1, Role.UPDATE: 1}
    if len(persons) >= 3:
        make("approval", first, Role.APPROVAL)
        for number, person in enumerate(others, 1):
            make(f"access-{number}", person, Role.ACCESS)
        thresholds |= {Role.ROOT: 2, Role.UPDATE: 2, Role.APPROVAL: 1, Role.ACCESS: 2}
    return Keyset(
        version=1,
        epoch=0,
        keys=tuple(held.entry for held in cabinet.all()),
        thresholds=tuple(Threshold(role=role, persons=count) for role, count in thresholds.items()),
    )
