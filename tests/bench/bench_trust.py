"""Verifying one order: time, memory and import against pycose, cwt and python-tuf in one run.

The peers need another cbor2 than the project, so they live in a virtual environment of
their own (``make bench`` makes it): each is measured in a process of its own anyway.
``python -m tests.bench.bench_trust`` writes docs/benchmarks/trust.md.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PEERS = Path(os.environ.get("PEERS", ROOT / "artefacts" / "peers")) / "bin" / "python"
ROUNDS = 7
TAIL = """
import json, resource
rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
imported = loaded - started
verify()
begun = time.process_time()
for _ in range(N):
    verify()
print(json.dumps({"import_ms": imported * 1e3, "rss_mib": rss,
                  "verify_us": (time.process_time() - begun) / N * 1e6}))
"""
HEAD = "import time; started = time.process_time(); N = 400\n"
SEED = "bytes(range(32))"
BARE = f"""
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
loaded = time.process_time()
private = Ed25519PrivateKey.from_private_bytes({SEED})
raw, message = private.public_key().public_bytes_raw(), b"x" * 300
signature = private.sign(message)
def verify():
    Ed25519PublicKey.from_public_bytes(raw).verify(signature, message)
"""
ORDER = """
from viewkeeper.agent.core.trust.verify import verify_order
from viewkeeper.agent.core.trust.state import TrustState
from viewkeeper.agent.core.trust.clock import Now
from viewkeeper.protocol.vocabulary import OrderKind
loaded = time.process_time()
"""
MAKING = (
    """
import dataclasses
making, count, real = 0.0, 0, dataclasses._process_class
def timed(*given, **named):
    global making, count
    begun = time.process_time()
    made = real(*given, **named)
    making, count = making + time.process_time() - begun, count + 1
    return made
dataclasses._process_class = timed
"""
    + ORDER
    + 'import json; print(json.dumps({"making_ms": making * 1e3, "count": count}))'
)
"""How much of our import goes into making the messages' dataclasses."""
PROGRAMS: dict[str, tuple[bool, str]] = {
    "bare cryptography": (False, BARE),
    "the same, with dataclasses, hashlib and cbor2": (
        False,
        "import cbor2, dataclasses, hashlib" + BARE,
    ),
    "Viewkeeper: envelope": (
        False,
        """
from viewkeeper.protocol import cose
loaded = time.process_time()
signer = cose.SoftwareSigner.from_seed(bytes(range(32)))
message = cose.sign1(b"x" * 300, signer, cose.Domain.CONFIG)
lookup = cose.lookup_in([signer.verify_key])
def verify():
    cose.open_sign1(message, lookup, cose.Domain.CONFIG)
""",
    ),
    "Viewkeeper: whole order": (
        False,
        ORDER
        + """
from viewkeeper.protocol.vectors import workshop as w
state = TrustState.anchored(w.keyset(), w.START_S)
message = w.signed(w.order(w.config()), w.CONFIG_LI)
now = Now(w.START_S + 7200, True)
def verify():
    verify_order(message, OrderKind.CONFIG, device=w.DEVICE, state=state, now=now)
""",
    ),
    "pycose": (
        True,
        """
from pycose.messages import CoseMessage, Sign1Message
from pycose.headers import Algorithm, KID
from pycose.algorithms import EdDSA
from pycose.keys import OKPKey
loaded = time.process_time()
key = OKPKey(crv="ED25519", d=bytes(range(32)), x=__import__(
    "cryptography.hazmat.primitives.asymmetric.ed25519", fromlist=["x"]
).Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key().public_bytes_raw())
made = Sign1Message(phdr={Algorithm: EdDSA, KID: b"12345678"}, payload=b"x" * 300)
made.key = key
message = made.encode()
def verify():
    found = CoseMessage.decode(message)
    found.key = key
    assert found.verify_signature()
""",
    ),
    "cwt": (
        True,
        """
from cwt import COSE, COSEKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives import serialization as s
loaded = time.process_time()
secret = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
pem = secret.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())
public = secret.public_key().public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)
private = COSEKey.from_pem(pem, kid="12345678")
key = COSEKey.from_pem(public, kid="12345678")
cose = COSE.new(alg_auto_inclusion=True, kid_auto_inclusion=True)
message = cose.encode_and_sign(b"x" * 300, key=private)
def verify():
    cose.decode(message, key)
""",
    ),
    "python-tuf": (
        True,
        """
import datetime
from tuf.api.metadata import Metadata, Root, Role
from securesystemslib.signer import CryptoSigner
loaded = time.process_time()
signer = CryptoSigner.generate_ed25519()
root = Root(expires=datetime.datetime(2036, 1, 1, tzinfo=datetime.timezone.utc))
root.add_key(signer.public_key, "root")
metadata = Metadata(root)
metadata.sign(signer)
data = metadata.to_bytes()
def verify():
    found = Metadata.from_bytes(data)
    found.signed.verify_delegate("root", found.signed_bytes, found.signatures)
""",
    ),
}


def measured(python: Path, program: str, cache: str) -> dict[str, float]:
    """Medians over ``ROUNDS`` processes that find their modules compiled, as installed
    packages are; the first process only compiles them into ``cache``."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    rows: list[dict[str, float]] = []
    for _ in range(ROUNDS + 1):
        done = subprocess.run(
            [str(python), "-c", program],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
            env=environment,
        )
        rows.append(json.loads(done.stdout))
    return {name: statistics.median(row[name] for row in rows[1:]) for name in rows[0]}


def main() -> None:
    """Measure and write the table."""
    if not PEERS.exists():
        raise SystemExit(f"no peers at {PEERS}: make bench makes them")
    with tempfile.TemporaryDirectory() as cache:
        found = {
            name: measured(PEERS if peer else Path(sys.executable), HEAD + program + TAIL, cache)
            for name, (peer, program) in PROGRAMS.items()
        }
        making = measured(Path(sys.executable), HEAD + MAKING, cache)
    base = found["bare cryptography"]
    lines = [
        "# Trust: verifying one order against its peers",
        "",
        f"One Ed25519 signature over 300 bytes; medians of {ROUNDS} processes, in one run, "
        "in processor time, so that other work on the machine counts little. "
        "*Whole order* is everything a camera checks: encoding, envelope, audience, epoch, "
        "persons and roles, place in the row, time, keys. python-tuf verifies one signed root "
        "of one key. Import and peak memory are of the process, interpreter included; import "
        "is from a running interpreter and of modules that are compiled already. pycose and cwt "
        "sign alg −8, for they do not read −19. *Bare cryptography* imports its Ed25519 keys "
        "and nothing else.",
        "",
        "| | verify | against bare | import | against bare | peak memory |",
        "|---|---|---|---|---|---|",
    ]
    for name, row in found.items():
        lines.append(
            f"| {name} | {row['verify_us']:.0f} µs | {row['verify_us'] / base['verify_us']:.2f} "
            f"| {row['import_ms']:.0f} ms | {row['import_ms'] / base['import_ms']:.2f} "
            f"| {row['rss_mib']:.1f} MiB |"
        )
    lines += [
        "",
        "The goal was an import of at most 1.3 × bare cryptography. It is not met. The second row "
        "is what is there before the first line of this project; making "
        f"{making['count']:.0f} frozen dataclasses, which compile their methods at import, takes "
        f"{making['making_ms']:.0f} ms of the rest. A camera pays it once a start; typed, "
        "comparable messages were held to be worth more.",
    ]
    text = "\n".join([*lines, ""])
    (ROOT / "docs" / "benchmarks" / "trust.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
