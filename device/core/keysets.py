"""Who may sign what, counted in persons: the rules of ``agent/core/trust/{keysets,grants}.py``."""

from device.core import cose
from device.core.errors import Refusal


def check_keyset(keyset):
    """Refuse a keyset that could lock its owner out, or that this device cannot check."""
    allowed = [(each["role"], each["algorithm"]) for each in keyset.get("allowed", ())]
    if len(set(allowed)) != len(allowed):
        raise Refusal("field_range", "an algorithm is allowed twice for one role")
    for _, algorithm in allowed:
        _check_algorithm(algorithm)
    kids = set()
    for entry in keyset["keys"]:
        algorithm, roles = entry["algorithm"], entry["roles"]
        _check_algorithm(algorithm)
        cose.check_key(algorithm, entry["raw"])
        if algorithm != cose.ED25519:
            for role in roles:
                if (role, algorithm) not in allowed:
                    raise Refusal("alg_not_allowed", "not allowed for the role " + role)
            # Better no keyset than one this device could not check an order against.
            raise Refusal("not_supported", "this device checks Ed25519 alone")
        kid = cose.kid_of(algorithm, entry["raw"])
        if kid in kids:
            raise Refusal("duplicate_signer", "a key stands twice")
        kids.add(kid)
        if entry["not_before"] >= entry["not_after"]:
            raise Refusal("inverted_window", "a key ends before it begins")
        if len(set(roles)) != len(roles):
            raise Refusal("field_range", "a key names a role twice")
    roles = [threshold["role"] for threshold in keyset["thresholds"]]
    if len(set(roles)) != len(roles):
        raise Refusal("field_range", "a role has two thresholds")
    if "root" not in roles:
        raise Refusal("role_missing", "no threshold for the role root")
    for threshold in keyset["thresholds"]:
        persons = {e["person"] for e in keyset["keys"] if threshold["role"] in e["roles"]}
        if len(persons) < threshold["persons"]:
            raise Refusal("threshold_not_met", threshold["role"] + " has too few persons")


def _check_algorithm(algorithm):
    if algorithm not in (cose.ED25519, cose.ES256, cose.SM2):
        raise Refusal("alg_not_allowed", "algorithm %d is not of the profile" % algorithm)


def table_of(*keysets):
    """From kid to (algorithm, raw) over keysets."""
    return {
        cose.kid_of(entry["algorithm"], entry["raw"]): (entry["algorithm"], entry["raw"])
        for keyset in keysets
        for entry in keyset["keys"]
    }


def entries_of(kids, keyset):
    """The entries of those signers that stand in ``keyset``, in the order of the signers."""
    table = {cose.kid_of(entry["algorithm"], entry["raw"]): entry for entry in keyset["keys"]}
    return [table[kid] for kid in kids if kid in table]


def persons_needed(keyset, role):
    """The threshold of a role; without one nobody holds it (``role_missing``)."""
    for threshold in keyset["thresholds"]:
        if threshold["role"] == role:
            return threshold["persons"]
    raise Refusal("role_missing", "the keyset gives nobody the role " + role)


def check_signers(signers, role, persons):
    """Every signer holds ``role`` and they are enough people."""
    for entry in signers:
        if role not in entry["roles"]:
            raise Refusal("role_missing", entry["person"] + " does not hold the role " + role)
    if len({entry["person"] for entry in signers}) < persons:
        raise Refusal("threshold_not_met", "the role %s takes %d persons" % (role, persons))


def check_grant_signers(grant, signers, keyset):
    """The persons named and the persons who signed are the same, and they are enough."""
    officers, approver = set(grant["officers"]), grant["approver"]
    if len(officers) < 2 or len(officers) != len(grant["officers"]):
        raise Refusal("two_persons", "at least two different officers must be named")
    if approver in officers:
        raise Refusal("two_persons", "who approves is not one of those who look")
    named = officers | {approver}
    signed = {entry["person"] for entry in signers}
    if signed - named:
        raise Refusal("role_missing", "signed but not named")
    if named - signed:
        raise Refusal("threshold_not_met", "named but not signed")
    looking = [entry for entry in signers if entry["person"] in officers]
    approving = [entry for entry in signers if entry["person"] == approver]
    check_signers(looking, "access", persons_needed(keyset, "access"))
    check_signers(approving, "approval", persons_needed(keyset, "approval"))


def check_validity(signers, issued_at, now, floor_s):
    """Every key is in its time, as far as this device can tell."""
    for entry in signers:
        begun = not now.trusted or now.utc_s >= entry["not_before"]
        ended = now.latest_s(floor_s) >= entry["not_after"]
        if ended or not begun or not entry["not_before"] <= issued_at < entry["not_after"]:
            raise Refusal("key_not_valid_now", "a key of %s" % entry["person"])
