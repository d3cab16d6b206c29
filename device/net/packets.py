"""MQTT 3.1.1 packets as bytes (OASIS standard of 2014): no socket, no clock, no state."""

CONNACK, PUBLISH, PUBACK, SUBACK, PINGRESP = 2, 3, 4, 9, 13
PINGREQ = b"\xc0\x00"
DISCONNECT = b"\xe0\x00"
MAX_REMAINING = 268_435_455  # §2.2.3: four bytes of seven bits


class PacketError(Exception):
    """The broker sent what MQTT 3.1.1 does not know."""


def remaining_length(size):
    """The length field of a fixed header (§2.2.3)."""
    if not 0 <= size <= MAX_REMAINING:
        raise ValueError("a packet is at most 256 MiB")
    out = bytearray()
    while True:
        low, size = size & 0x7F, size >> 7
        out.append(low | 0x80 if size else low)
        if not size:
            return bytes(out)


def _text(value):
    raw = value if isinstance(value, bytes) else value.encode()
    if len(raw) > 65_535:
        raise ValueError("a text of MQTT is at most 65,535 bytes")
    return len(raw).to_bytes(2, "big") + raw


def _packet(first, *parts):
    size = 0
    for part in parts:
        size += len(part)
    return b"".join((bytes((first,)), remaining_length(size)) + parts)


def connect(client_id, keepalive_s, will=None, user=None, password=None, clean=False):
    """CONNECT (§3.1); ``will`` is (topic, payload), at QoS 1 and retained."""
    flags, parts = (2 if clean else 0), [_text(client_id)]
    if will is not None:
        flags |= 0x04 | 0x08 | 0x20
        parts += [_text(will[0]), _text(will[1])]
    if user is not None:
        flags |= 0x80
        parts.append(_text(user))
        if password is not None:
            flags |= 0x40
            parts.append(_text(password))
    head = b"\x00\x04MQTT\x04" + bytes((flags,)) + keepalive_s.to_bytes(2, "big")
    return _packet(0x10, head, *parts)


def publish(topic, payload, packet_id, retain=False, again=False):
    """PUBLISH at QoS 1 (§3.3); ``again`` marks a second attempt."""
    first = 0x30 | 0x02 | (0x08 if again else 0) | (0x01 if retain else 0)
    return _packet(first, _text(topic), packet_id.to_bytes(2, "big"), payload)


def subscribe(packet_id, topics):
    """SUBSCRIBE at QoS 1 (§3.8)."""
    parts = [packet_id.to_bytes(2, "big")]
    for topic in topics:
        parts += [_text(topic), b"\x01"]
    return _packet(0x82, *parts)


def puback(packet_id):
    """PUBACK (§3.4)."""
    return b"\x40\x02" + packet_id.to_bytes(2, "big")


def read_publish_head(first, start):
    """(topic length, whether a packet id follows) of a PUBLISH whose body starts ``start``."""
    qos = (first >> 1) & 3
    if qos > 1:
        raise PacketError("nobody asked for QoS 2")
    return start[0] << 8 | start[1], qos == 1
