"""HTTP Digest (RFC 7616) with MD5 and SHA-256, as cameras ask it.

The standard library's handler reads only the first challenge and no SHA-256; cameras send
several. Nothing else of HTTP authentication is here.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass

_PAIR = re.compile(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_ALGORITHMS = {"SHA-256": "sha256", "MD5": "md5"}
"""What is spoken, the stronger one first."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """One ``WWW-Authenticate: Digest`` of a server."""

    realm: str
    nonce: str
    algorithm: str
    opaque: str | None
    qop: bool


def parse(headers: Sequence[str]) -> Challenge | None:
    """The strongest Digest challenge among the headers; ``None`` where none is spoken here."""
    found: list[Challenge] = []
    for header in headers:
        scheme, _, rest = header.strip().partition(" ")
        if scheme.lower() != "digest":
            continue
        values = {name.lower(): quoted or plain for name, quoted, plain in _PAIR.findall(rest)}
        algorithm = values.get("algorithm", "MD5").upper()
        offered = [word.strip() for word in values.get("qop", "").split(",") if word.strip()]
        if algorithm not in _ALGORITHMS or "nonce" not in values:
            continue
        if offered and "auth" not in offered:
            continue
        found.append(
            Challenge(
                realm=values.get("realm", ""),
                nonce=values["nonce"],
                algorithm=algorithm,
                opaque=values.get("opaque"),
                qop=bool(offered),
            )
        )
    order = list(_ALGORITHMS)
    return min(found, key=lambda challenge: order.index(challenge.algorithm), default=None)


def answer(
    challenge: Challenge,
    *,
    username: str,
    password: str,
    method: str,
    target: str,
    count: int,
    cnonce: str | None = None,
) -> str:
    """The ``Authorization`` header's value.

    Args:
        target: path and query as they stand in the request line.
        count: how often this nonce was used, from 1.
        cnonce: for tests; random otherwise.
    """
    name = _ALGORITHMS[challenge.algorithm]

    def digest(text: str) -> str:
        # MD5 is what the camera asks for; it protects the password here, not a document.
        return hashlib.new(name, text.encode("utf-8"), usedforsecurity=False).hexdigest()

    cnonce = cnonce if cnonce is not None else os.urandom(8).hex()
    first = digest(f"{username}:{challenge.realm}:{password}")
    second = digest(f"{method}:{target}")
    fields = [
        f'username="{_quoted(username)}"',
        f'realm="{_quoted(challenge.realm)}"',
        f'nonce="{_quoted(challenge.nonce)}"',
        f'uri="{_quoted(target)}"',
        f"algorithm={challenge.algorithm}",
    ]
    if challenge.qop:
        uses = f"{count:08x}"
        response = digest(f"{first}:{challenge.nonce}:{uses}:{cnonce}:auth:{second}")
        fields += ["qop=auth", f"nc={uses}", f'cnonce="{cnonce}"']
    else:
        response = digest(f"{first}:{challenge.nonce}:{second}")
    fields.append(f'response="{response}"')
    if challenge.opaque is not None:
        fields.append(f'opaque="{_quoted(challenge.opaque)}"')
    return "Digest " + ", ".join(fields)


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
