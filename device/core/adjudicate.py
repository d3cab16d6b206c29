"""The whole decision about any bytes, as ``agent/core/device_state.py`` makes it.

State is a dict by the names of ``schema.DEVICE_STATE``, in the same bytes as the agent's.
"""

import re
from binascii import hexlify

from device.core import cbor, fields, keysets, policy, rules, schema, trust
from device.core.errors import Refusal

MAX_DETAIL = 160
MAX_STATE_BYTES = 65536
KEPT_GRANTS = 16
_WHY = "^" + "[0-9a-f]" * 16 + " .*[^ ].*$"


class Ruling:
    """What is decided about a message; ``state`` is to be kept first, where there is one."""

    def __init__(self, accepted, reason, detail, clock, state=None, header=None, body=None):
        self.accepted = accepted
        self.reason = reason
        self.detail = detail
        self.clock = clock
        self.state = state
        self.header = header
        self.body = body


def enrolled(bundle):
    """(first state, enrolment) of an enrolment bundle."""
    enrolment = fields.parse(schema.ENROLMENT, cbor.decode(bundle, 32768))
    keysets.check_keyset(enrolment["keyset"])
    state = {
        "format": 1,
        "device": enrolment["device"],
        "trust": trust.anchored(enrolment["keyset"], enrolment["enrolled_at"]),
        "standing": {"state": "manufactured"},
        "refusals": 0,
        "ledger_size": 0,
        "ledger_head": bytes(32),
    }
    return state, enrolment


def to_bytes(state):
    """The state as it is kept."""
    return cbor.encode(fields.pack(schema.DEVICE_STATE, state))


def from_bytes(data):
    """Read a state back."""
    return fields.parse(schema.DEVICE_STATE, cbor.decode(data, MAX_STATE_BYTES))


def config_of(state):
    """(header, body) of the configuration in force; (None, None) before the first."""
    payload = state.get("config_payload")
    return (None, None) if payload is None else fields.parse_order(payload, trust.CONFIG)


def adjudicate(state, message, kind, retained, now, known_views, entropy):
    """Decide about any bytes; raises only what is a fault of ours."""
    try:
        if retained and kind != trust.CONFIG:
            raise Refusal("retained_order", "obeyed live or not at all")
        found = trust.verify_order(message, kind, state["device"], state["trust"], now)
        if found.state is None:
            return Ruling(
                True,
                "already_applied",
                "the order in force, come again",
                now.clock,
                header=found.header,
                body=found.body,
            )
        after = dict(state)
        after["trust"] = found.state
        detail = _obey(after, state, message, kind, found, now, known_views, entropy)
        return Ruling(True, "accepted", plain(detail), now.clock, after, found.header, found.body)
    except Refusal as refusal:
        return Ruling(False, refusal.reason, plain(refusal.hint), now.clock)
    except MemoryError:
        return Ruling(False, "too_large", "more than this device can hold", now.clock)


def _obey(after, state, message, kind, found, now, known_views, entropy):
    body = found.body
    if kind == trust.CONFIG:
        return _configured(after, state, message, body, now, known_views)
    if kind == trust.LIFECYCLE:
        before = state["standing"]
        after["standing"] = policy.check_step(body, before, config_of(state)[1], now)
        return before["state"] + " to " + body["to"]
    if kind == trust.GRANT:
        if body["nonce"] != state.get("access_nonce"):
            raise Refusal("wrong_nonce", "not this camera's nonce, or it has been used")
        if body["from_s"] >= body["to_s"]:
            raise Refusal("inverted_window", "the footage ends before it begins")
        del after["access_nonce"]
        kept = {name: body[name] for name in ("officers", "from_s", "to_s", "destination")}
        kept["message_hash"] = found.message_hash
        kept["not_before"] = found.header["not_before"]
        kept["expires_at"] = found.header["expires_at"]
        after["grants"] = (state.get("grants", []) + [kept])[-KEPT_GRANTS:]
        return "entered in the access register; the nonce is used up"
    if kind == trust.COMMAND:
        name = body["name"]
        if not policy.has(rules.COMMANDS, name):
            raise Refusal("not_supported", "no command " + name)
        if name == "new_nonce":
            after["access_nonce"] = bytes(entropy[:16])
            return "nonce " + hexlify(entropy[:16]).decode()
        if policy.has(rules.CLOSES_FLAG, name):
            argument = body.get("argument", "")
            if re.match(_WHY, argument) is None:
                raise Refusal("field_range", name + ": the flag, a space, and number or reason")
            return "flag %s %s" % (argument[:16], name)
        return ""
    return "keyset %d, epoch %d" % (body["version"], body["epoch"])


def _configured(after, state, message, config, now, known_views):
    remark = policy.check_config(config)
    if state["standing"]["state"] == "withdrawn":
        raise Refusal("lifecycle_step", "the camera is withdrawn: register it anew")
    view = config.get("view_hash")
    if view is not None and view not in known_views:
        raise Refusal("unknown_view", "no such view was registered here")
    after["standing"] = policy.after_config(state["standing"], config, now)
    after["config_payload"] = trust.payload_of(message)
    return remark or "in force"


def plain(text):
    """Text fit for a verdict: what a field may not hold becomes a question mark."""
    if not fields.is_plain(text):
        # In slices: a character that is taken out of a text is kept for good.
        chars = [text[at : at + 1] for at in range(len(text))]
        text = "".join([char if fields.is_plain(char) else "?" for char in chars])
    return text[:MAX_DETAIL]
