"""From bytes to an order that is genuine, for us, now, and the next in its row.

The steps and their order are those of ``agent/core/trust/verify.py``; state is a dict by
the names of ``schema.TRUST_STATE`` and is never changed, only built anew.
"""

from hashlib import sha256

from device.core import cbor, cose, fields, keysets, rules, schema
from device.core.clock import check_window
from device.core.errors import Refusal

CONFIG, KEYSET, GRANT, COMMAND, LIFECYCLE = 1, 2, 3, 4, 5
CHAINED = (CONFIG, LIFECYCLE, KEYSET)
MAX_MESSAGE_BYTES = 16384 + 4096
MAX_JUMP = 1 << 20
RECENT = 16


class Verified:
    """An order this device may obey as far as keys, rows and time go.

    ``state`` is the trust state to keep once it is obeyed; None for a redelivery.
    """

    def __init__(self, header, body, message_hash, state):
        self.header = header
        self.body = body
        self.message_hash = message_hash
        self.state = state


def anchored(keyset, floor_s):
    """The trust state of a device just enrolled."""
    root = {
        "kind": KEYSET,
        "sequence": keyset["version"],
        "payload_hash": keyset_hash(keyset),
        "recent": [],
    }
    return {"keyset": keyset, "rows": [root], "clock_floor_s": floor_s}


def keyset_hash(keyset):
    """How a keyset is named, whichever camera it is sent to."""
    return sha256(cbor.encode(fields.pack(schema.KEYSET, keyset))).digest()


def verify_order(message, kind, device, state, now):
    """Verify ``message`` as an order of ``kind`` to ``device``; refuses at the first fault."""
    keyset, row = state["keyset"], row_of(state, kind)
    message_hash = sha256(message).digest()
    if message_hash == row.get("message_hash"):
        payload = cose.unverified_payload(message, MAX_MESSAGE_BYTES)
        header, body = fields.parse_order(payload, kind)
        return Verified(header, body, message_hash, None)
    payload, kids, parsed = _open(message, kind, keyset)
    header, body = parsed or fields.parse_order(payload, kind)
    if header["audience"] != device:
        raise Refusal("other_device", "the order is for " + header["audience"])
    if header["epoch"] < keyset["epoch"]:
        raise Refusal("old_epoch", "epoch %d is over" % header["epoch"])
    if header["epoch"] > keyset["epoch"]:
        raise Refusal("unknown_epoch", "epoch %d has not begun: keyset first" % header["epoch"])
    signers = _check_signers(kind, body, kids, keyset)
    digest = sha256(payload).digest()
    if kind != KEYSET and header["sequence"] == row["sequence"]:
        if digest == row.get("payload_hash"):
            return Verified(header, body, message_hash, None)
        raise Refusal("forked", "another order of this sequence was obeyed before")
    _check_row(kind, header, body, row, digest, keyset)
    opens_epoch = kind == KEYSET and body["epoch"] == keyset["epoch"] + 1
    floor_s = None if opens_epoch else state["clock_floor_s"]
    check_window(header, now, floor_s)
    keysets.check_validity(signers, header["issued_at"], now, floor_s)
    after = _advance(kind, header, body, row, digest, message_hash, state, opens_epoch)
    return Verified(header, body, message_hash, after)


def row_of(state, kind):
    """Where the row of orders of one kind stands; an empty one before its first."""
    for row in state["rows"]:
        if row["kind"] == kind:
            return row
    return {"kind": kind, "sequence": 0, "recent": []}


def _open(message, kind, keyset):
    """(payload, kids, what was parsed on the way or None)."""
    if not cose.is_signed(message):
        raise Refusal("unsigned", "nothing unsigned is obeyed")
    domain = schema.DOMAINS[kind]
    if kind == KEYSET:
        # The new keys sign too, and only the payload says which they are. Nothing of it
        # is used unless all signatures hold.
        payload = cose.unverified_payload(message, MAX_MESSAGE_BYTES)
        parsed = fields.parse_order(payload, kind)
        keysets.check_keyset(parsed[1])
        keys = keysets.table_of(keyset, parsed[1])
        return cose.open_sign(message, keys, domain, MAX_MESSAGE_BYTES) + (parsed,)
    keys = keysets.table_of(keyset)
    if kind == GRANT or cose.is_multi_signed(message):
        return cose.open_sign(message, keys, domain, MAX_MESSAGE_BYTES) + (None,)
    return cose.open_sign1(message, keys, domain, MAX_MESSAGE_BYTES) + (None,)


def _check_signers(kind, body, kids, keyset):
    entries = keysets.entries_of(kids, keyset)
    if kind == GRANT:
        keysets.check_grant_signers(body, entries, keyset)
        return entries
    if kind == KEYSET:
        successors = keysets.entries_of(kids, body)
        for each, rows in ((keyset, entries), (body, successors)):
            keysets.check_signers(rows, "root", keysets.persons_needed(each, "root"))
        return entries + successors
    role = rules.ROLE_OF_KIND[kind]
    if kind == COMMAND:
        role = rules.ROLE_OF_COMMAND.get(body["name"], role)
    keysets.check_signers(entries, role, keysets.persons_needed(keyset, role))
    return entries


def _check_row(kind, header, body, row, digest, keyset):
    sequence = header["sequence"]
    if kind == KEYSET:
        if body["version"] != keyset["version"] + 1 or sequence != body["version"]:
            raise Refusal("keyset_version", "one by one, sequence alike")
        if body["epoch"] < keyset["epoch"]:
            raise Refusal("old_epoch", "a keyset may not go back to an older epoch")
        if body["epoch"] > keyset["epoch"] + 1:
            raise Refusal("unknown_epoch", "epochs follow one by one")
    elif sequence < row["sequence"]:
        if digest[:8] in row["recent"]:
            raise Refusal("replayed", "the order was obeyed once and has been followed")
        raise Refusal("rolled_back", "sequence %d after %d" % (sequence, row["sequence"]))
    elif sequence - row["sequence"] > MAX_JUMP:
        raise Refusal("sequence_jump", "sequence %d leaps" % sequence)
    if kind not in CHAINED:
        if "previous" in header:
            raise Refusal("field_unknown", "grants and commands follow no other order")
    elif header.get("previous") != row.get("payload_hash"):
        raise Refusal("forked", "the order does not follow the last one obeyed here")


def _advance(kind, header, body, row, digest, message_hash, state, opens_epoch):
    after = {
        "kind": kind,
        "sequence": header["sequence"],
        "payload_hash": keyset_hash(body) if kind == KEYSET else digest,
        "message_hash": message_hash,
        "recent": (row["recent"] + [digest[:8]])[-RECENT:],
    }
    others = [other for other in state["rows"] if other["kind"] != kind]
    floor_s = max(state["clock_floor_s"], header["issued_at"])
    if opens_epoch:
        # A new epoch starts every row anew; what was retained before stays recognisable.
        floor_s = header["issued_at"]
        fresh = []
        for other in others:
            begun = {"kind": other["kind"], "sequence": 0, "recent": []}
            if "message_hash" in other:
                begun["message_hash"] = other["message_hash"]
            fresh.append(begun)
        others = fresh
    rows = sorted(others + [after], key=lambda each: each["kind"])
    keyset = body if kind == KEYSET else state["keyset"]
    return {"keyset": keyset, "rows": rows, "clock_floor_s": floor_s}


def payload_of(message):
    """The payload of a message that was verified."""
    return bytes(cose.unverified_payload(message, MAX_MESSAGE_BYTES))
