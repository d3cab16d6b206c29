"""Damage that is damage whatever the bytes were."""


def spoilt(data: bytes) -> bytes:
    """The data with its last bit flipped."""
    return data[:-1] + bytes([data[-1] ^ 1])
