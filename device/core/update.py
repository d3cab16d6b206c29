"""Whether a program may be installed: rules only.

Two folders hold two programs. A new one is tried: it has ``TRIES`` starts to prove itself, else
``device/loader.py`` starts the old one again. The counter of a program that proved itself is the
floor for the next.
"""

from device.core import cbor, cose, fields, keysets, update_schema
from device.core.errors import Refusal

DOMAIN = b"viewkeeper/v1/update"
MAGIC = b"VKU1"
MAX_STATEMENT_BYTES = 16384
MAX_ENVELOPE_BYTES = MAX_STATEMENT_BYTES + 4096
TRIES = 3
SLOTS = ("slot-a", "slot-b")
FIRST = {"active": 0, "trying": None, "tries": 0, "counter": 0, "version": "", "next": None}


def check(envelope, keyset, now, floor_s, counter, target):
    """The statement of a signed bundle's head; refuses what may not be installed.

    Args:
        keyset: of the device's trust state; ``floor_s`` its clock floor.
        counter: of the newest program that proved itself here.
        target: the machine code this port runs.
    """
    keys = keysets.table_of(keyset)
    payload, kids = cose.open_sign(envelope, keys, DOMAIN, MAX_ENVELOPE_BYTES)
    update = fields.parse(update_schema.UPDATE, cbor.decode(payload, MAX_STATEMENT_BYTES))
    signers = keysets.entries_of(kids, keyset)
    keysets.check_signers(signers, "update", keysets.persons_needed(keyset, "update"))
    keysets.check_validity(signers, update["issued_at"], now, floor_s)
    if update["counter"] <= counter:
        raise Refusal("rolled_back", "program %d after %d" % (update["counter"], counter))
    if update["target"] not in (target, "plain"):
        raise Refusal("not_supported", "a program for %s, this is %s" % (update["target"], target))
    names = [entry["path"] for entry in update["files"]]
    if len(set(names)) != len(names):
        raise Refusal("field_range", "a file stands twice")
    return update


def installed(boot, update):
    """The boot state once a program lies whole in the other slot."""
    after = dict(boot)
    after["trying"], after["tries"] = 1 - boot["active"], TRIES
    after["next"] = [update["counter"], update["version"]]
    return after


def proved(boot):
    """The boot state once the started program has proved itself."""
    after = dict(boot)
    if boot["trying"] is not None:
        after["active"], after["trying"] = boot["trying"], None
        after["counter"], after["version"] = boot["next"]
        after["next"], after["tries"] = None, 0
    return after
