"""Keys in a TPM 2.0, through tpm2-tools.

The key is made in the TPM under its owner's primary key and leaves it only wrapped: two
files that are of no use without this very TPM. At opening, both are loaded into the TPM
once; each signature then is one call of ``tpm2_sign``. A TPM signs P-256, not Ed25519.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from viewkeeper.protocol import cose, p256
from viewkeeper.protocol.errors import Reason, SetupError

CURE = "apt install tpm2-tools"
_TIMEOUT_S = 30


@dataclass(frozen=True, slots=True)
class Place:
    """Where a key lies.

    Attributes:
        path: of the wrapped key; ``.tpub`` and ``.tpriv`` are added.
        tcti: how to reach the TPM, as tpm2-tools has it; empty: the system's own.
    """

    path: Path
    tcti: str = ""

    @property
    def public(self) -> Path:
        return self.path.with_name(self.path.name + ".tpub")

    @property
    def private(self) -> Path:
        return self.path.with_name(self.path.name + ".tpriv")


class TpmSigner:
    """A P-256 key in a TPM. Safe to call from any thread.

    Args:
        place: where the wrapped key lies.
        password: of the key; ``None`` where it has none.
        create: make the key; else it must be there.

    Raises:
        SetupError: no tpm2-tools, no TPM, another TPM's key, a wrong password.
    """

    def __init__(self, place: Place, password: bytes | None, *, create: bool = False) -> None:
        if shutil.which("tpm2_sign") is None:
            raise SetupError(Reason.LIBRARY_MISSING, f"a key in a TPM needs tpm2-tools: {CURE}")
        self._place, self._password, self._lock = place, password, threading.Lock()
        self._home = tempfile.TemporaryDirectory(prefix="viewkeeper-tpm-")
        self._folder = Path(self._home.name)
        try:
            self._run("tpm2_createprimary", "-Q", "-C", "o", "-G", "ecc", "-c", "primary.ctx")
            if create:
                self._make()
            elif not (place.public.exists() and place.private.exists()):
                raise SetupError(Reason.FILE_MISSING, f"no key of a TPM at {place.path}: make one")
            self._run(
                *("tpm2_load", "-Q", "-C", "primary.ctx", "-c", "key.ctx"),
                *("-u", str(place.public), "-r", str(place.private)),
            )
            self._run("tpm2_readpublic", "-Q", "-c", "key.ctx", "-f", "pem", "-o", "key.pem")
            public = serialization.load_pem_public_key((self._folder / "key.pem").read_bytes())
            if not isinstance(public, ec.EllipticCurvePublicKey):
                raise SetupError(Reason.SETTING, f"{place.path} is not a P-256 key")
            self._verify_key = cose.VerifyKey(cose.Algorithm.ES256, p256.point_of(public))
            self.sign(b"a first signature shows that the password fits")
        except BaseException:
            self._home.cleanup()
            raise

    @property
    def verify_key(self) -> cose.VerifyKey:
        return self._verify_key

    def sign(self, message: bytes) -> bytes:
        with self._lock:
            (self._folder / "message").write_bytes(message)
            self._run(
                *("tpm2_sign", "-Q", "-c", "key.ctx", "-g", "sha256", "-s", "ecdsa"),
                *("-f", "plain", "-o", "signature", *self._auth(), "message"),
            )
            return p256.from_der((self._folder / "signature").read_bytes())

    def close(self) -> None:
        self._home.cleanup()

    def _make(self) -> None:
        place = self._place
        if place.public.exists() or place.private.exists():
            raise SetupError(Reason.SETTING, f"{place.public} is there already and is kept")
        self._run(
            *("tpm2_create", "-Q", "-C", "primary.ctx", "-G", "ecc256:ecdsa-sha256"),
            *("-a", "fixedtpm|fixedparent|sensitivedataorigin|userwithauth|sign"),
            *("-u", "new.tpub", "-r", "new.tpriv", *self._auth()),
        )
        for source, target in (("new.tpub", place.public), ("new.tpriv", place.private)):
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write((self._folder / source).read_bytes())
                file.flush()
                os.fsync(file.fileno())

    def _auth(self) -> Sequence[str]:
        # By a file: a command line can be read by everybody on the machine.
        if self._password is None:
            return ()
        path = self._folder / "password"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_bytes(self._password)
        return ("-p", f"file:{path}")

    def _run(self, *command: str) -> None:
        """One tool, and the TPM's few places for objects cleared behind it.

        Without a resource manager whatever a tool loads stays; contexts are in files.
        """
        self._call(*command)
        self._call("tpm2_flushcontext", "-t")

    def _call(self, *command: str) -> None:
        environment = dict(os.environ)
        if self._place.tcti:
            environment["TPM2TOOLS_TCTI"] = self._place.tcti
        try:
            subprocess.run(
                command,
                cwd=self._folder,
                env=environment,
                check=True,
                capture_output=True,
                timeout=_TIMEOUT_S,
            )
        except subprocess.TimeoutExpired as error:
            raise SetupError(
                Reason.FILE_UNREADABLE, f"the TPM does not answer {command[0]}"
            ) from error
        except subprocess.CalledProcessError as error:
            said = error.stderr.decode("utf-8", "replace")
            raise SetupError(Reason.FILE_UNREADABLE, _why(command[0], said)) from error


def _why(tool: str, said: str) -> str:
    if "0x98E" in said or "authorization" in said.lower():
        return "wrong password of the key in the TPM"
    if "integrity" in said.lower() or "0x1DF" in said:
        return "the key was made by another TPM, or under an owner that was cleared since"
    lines = [line for line in said.splitlines() if "ERROR" in line] or said.splitlines()
    return f"{tool}: {lines[0] if lines else 'failed'} (is there a TPM, and may you use it?)"
