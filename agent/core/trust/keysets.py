"""Keysets: which key belongs to whom, for what, and how many persons a role takes.

Thresholds count persons, not keys (TUF counts keys; one officer with two tokens would
pass there).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from viewkeeper.agent.core.trust.clock import Now
from viewkeeper.protocol import cose
from viewkeeper.protocol.errors import OrderRefusal, Reason
from viewkeeper.protocol.orders import KeyEntry, Keyset
from viewkeeper.protocol.vocabulary import Role


def verify_key(entry: KeyEntry) -> cose.VerifyKey:
    """The key of an entry.

    Raises:
        OrderRefusal: ``alg_not_allowed`` for an algorithm that is not of the profile.
        EnvelopeRefusal: ``weak_key``.
    """
    try:
        algorithm = cose.Algorithm(entry.algorithm)
    except ValueError as error:
        raise OrderRefusal(
            Reason.ALG_NOT_ALLOWED, f"algorithm {entry.algorithm} is not of the profile"
        ) from error
    return cose.VerifyKey(algorithm, entry.raw)


def check_keyset(keyset: Keyset) -> None:
    """Refuse a keyset that could lock its owner out or lets one key count twice.

    Raises:
        OrderRefusal, EnvelopeRefusal: naming the key or role.
    """
    kids: set[bytes] = set()
    _check_allowances(keyset)
    for entry in keyset.keys:
        key = verify_key(entry)
        _check_algorithm(key, entry, keyset)
        if key.kid in kids:
            raise OrderRefusal(Reason.DUPLICATE_SIGNER, f"key {key.kid.hex()} stands twice")
        kids.add(key.kid)
        if entry.not_before >= entry.not_after:
            raise OrderRefusal(Reason.INVERTED_WINDOW, f"key {key.kid.hex()} ends before it begins")
        if len(set(entry.roles)) != len(entry.roles):
            raise OrderRefusal(Reason.FIELD_RANGE, f"key {key.kid.hex()} names a role twice")
    roles = [threshold.role for threshold in keyset.thresholds]
    if len(set(roles)) != len(roles):
        raise OrderRefusal(Reason.FIELD_RANGE, "a role has two thresholds")
    if Role.ROOT not in roles:
        raise OrderRefusal(Reason.ROLE_MISSING, "no threshold for the role root")
    for threshold in keyset.thresholds:
        persons = {entry.person for entry in keyset.keys if threshold.role in entry.roles}
        if len(persons) < threshold.persons:
            raise OrderRefusal(
                Reason.THRESHOLD_NOT_MET,
                f"{threshold.role} asks for {threshold.persons} persons and has {len(persons)}",
            )


def _check_allowances(keyset: Keyset) -> None:
    allowed = keyset.allowed or ()
    if len(set(allowed)) != len(allowed):
        raise OrderRefusal(Reason.FIELD_RANGE, "an algorithm is allowed twice for one role")
    for allowance in allowed:
        if allowance.algorithm not in set(cose.Algorithm):
            raise OrderRefusal(
                Reason.ALG_NOT_ALLOWED, f"algorithm {allowance.algorithm} is not of the profile"
            )


def _check_algorithm(key: cose.VerifyKey, entry: KeyEntry, keyset: Keyset) -> None:
    """Ed25519 always; another algorithm where the keyset allows it for every role of the key."""
    if key.algorithm is cose.Algorithm.ED25519:
        return
    for role in entry.roles:
        if key.algorithm not in algorithms_of(keyset, role):
            raise OrderRefusal(
                Reason.ALG_NOT_ALLOWED,
                f"the keyset does not allow {key.algorithm.name} for the role {role}",
            )
    if key.algorithm is cose.Algorithm.SM2:
        from viewkeeper.protocol import sm2

        if not sm2.is_supported():
            # Better no keyset than one this camera could not check an order against.
            hint = f"this machine's libcrypto has no SM2: {sm2.CURE}"
            raise OrderRefusal(Reason.NOT_SUPPORTED, hint)


def algorithms_of(keyset: Keyset, role: Role) -> frozenset[int]:
    """What keys of a role may be."""
    more = {each.algorithm for each in keyset.allowed or () if each.role == role}
    return frozenset(more | {int(cose.Algorithm.ED25519)})


def keys_of(keyset: Keyset, role: Role) -> list[cose.VerifyKey]:
    """The keys that hold a role."""
    return [verify_key(entry) for entry in keyset.keys if role in entry.roles]


def lookup(*keysets: Keyset) -> cose.KeyLookup:
    """From kid to key over these keysets."""
    table = {kid: key for keyset in keysets for kid, key in _keys_by_kid(keyset)}
    return table.get


@lru_cache(maxsize=4)
def _keys_by_kid(keyset: Keyset) -> tuple[tuple[bytes, cose.VerifyKey], ...]:
    """A pure function of the keyset, which changes once in months and is asked at every order."""
    keys = [verify_key(entry) for entry in keyset.keys]
    return tuple((key.kid, key) for key in keys)


def entries_of(signers: Iterable[cose.VerifyKey], keyset: Keyset) -> tuple[KeyEntry, ...]:
    """The entries of those signers that stand in ``keyset``, in the order of the signers."""
    table = {(entry.algorithm, entry.raw): entry for entry in keyset.keys}
    found = (table.get((int(key.algorithm), key.raw)) for key in signers)
    return tuple(entry for entry in found if entry is not None)


def persons_needed(keyset: Keyset, role: Role) -> int:
    """The threshold of a role.

    Raises:
        OrderRefusal: ``role_missing`` where the keyset gives the role no threshold:
            then nobody holds it.
    """
    for threshold in keyset.thresholds:
        if threshold.role == role:
            return threshold.persons
    raise OrderRefusal(Reason.ROLE_MISSING, f"the keyset gives nobody the role {role}")


def check_signers(signers: Sequence[KeyEntry], role: Role, persons: int) -> None:
    """Every signer holds ``role`` and they are ``persons`` people at least.

    Raises:
        OrderRefusal: ``role_missing`` or ``threshold_not_met``.
    """
    for entry in signers:
        if role not in entry.roles:
            raise OrderRefusal(Reason.ROLE_MISSING, f"{entry.person} does not hold the role {role}")
    present = {entry.person for entry in signers}
    if len(present) < persons:
        raise OrderRefusal(
            Reason.THRESHOLD_NOT_MET,
            f"the role {role} takes {persons} persons, {len(present)} signed",
        )


def check_validity(
    signers: Iterable[KeyEntry], *, issued_at: int, now: Now, floor_s: int | None
) -> None:
    """Every key is in its time.

    The order was issued within the key's window and, as far as this device can tell, the
    window has begun and has not ended.

    Raises:
        OrderRefusal: ``key_not_valid_now``.
    """
    for entry in signers:
        begun = not now.trusted or now.utc_s >= entry.not_before
        ended = now.latest_s(floor_s) >= entry.not_after
        if ended or not begun or not entry.not_before <= issued_at < entry.not_after:
            raise OrderRefusal(
                Reason.KEY_NOT_VALID_NOW, f"the key of {entry.person} is not valid for this time"
            )
