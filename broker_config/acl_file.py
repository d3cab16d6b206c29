"""The broker's ACL: who of those that were issued a certificate may say and hear what."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from certificate_authority import Issued

RECORDER_SAYS = ("witness", "receipt")
"""A recorder countersigns what cameras commit to, and says what it keeps."""


def camera_topics(fixed: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a camera says and what it hears, below its own name: the patterns of acl.conf."""
    found = re.findall(r"^pattern (write|read) viewkeeper/v1/%u/(\S+)$", fixed, re.MULTILINE)
    says = tuple(rest for verb, rest in found if verb == "write")
    return says, tuple(rest for verb, rest in found if verb == "read")


def acl(issued: Sequence[Issued], fixed: str, *, discovery_prefix: str = "homeassistant") -> str:
    """The broker's ACL: the fixed patterns for cameras, and a block for each other client.

    Over WebSocket mosquitto does not look at the list of revoked certificates
    (eclipse-mosquitto#3042): whoever holds one is let in there, and is denied everything here.
    """
    blocks = [fixed.rstrip()]
    reads_all = "topic read viewkeeper/v1/#"
    says, hears = camera_topics(fixed)
    orders = ("config/desired", "keyset", "lifecycle", "grant", "command/+")
    orders += ("update/offer", "update/piece")
    valid = {client.name for client in issued if not client.revoked}
    revoked = {client.name for client in issued} - valid
    blocks += [f"user {name}\ntopic deny #" for name in sorted(revoked)]
    for client in issued:
        if client.revoked:
            continue
        lines = [f"user {client.name}"]
        if client.role == "camera":
            node = client.name.replace("/", "_")
            lines.append(f"topic write {discovery_prefix}/+/{node}/+/config")
            lines.append(f"topic write {discovery_prefix}/device/{node}/config")
            lines.append(f"topic read {discovery_prefix}/status")
        elif client.role == "desk":
            lines.append(reads_all)
            lines += [f"topic write viewkeeper/v1/+/+/{order}" for order in orders]
        elif client.role == "bridge":  # its name is the site it speaks for
            site = f"viewkeeper/v1/{client.name.split('.')[1]}/+"
            lines += [f"topic write {site}/{rest}" for rest in says]
            lines += [f"topic read {site}/{rest}" for rest in hears]
        elif client.role == "homeassistant":
            lines += [f"topic read viewkeeper/v1/+/+/{name}" for name in ("state", "status")]
            lines += [f"topic read {discovery_prefix}/#", f"topic write {discovery_prefix}/status"]
        else:
            lines.append(reads_all)
            if client.role == "recorder":
                lines += [f"topic write viewkeeper/v1/+/+/{rest}" for rest in RECORDER_SAYS]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"
