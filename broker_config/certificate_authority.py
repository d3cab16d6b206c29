"""A small certificate authority in a folder: issues, revokes, and knows what it issued."""

from __future__ import annotations

import datetime
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

sys.path.insert(0, str(Path(__file__).parent))

from x509_parts import (
    CertsError,
    alternative,
    name_of,
    new_key,
    replace_file,
    requested,
    usage,
    write_key,
    write_pem,
)

ROLES = ("camera", "desk", "recorder", "dashboard", "homeassistant", "bridge")
CA_DAYS, SERVER_DAYS, CLIENT_DAYS = 3650, 825, 1095
_CAMERA = r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?/[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?"
_OTHER = r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?"
_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Issued:
    """A client certificate that was issued here."""

    name: str
    serial: int
    expires: datetime.datetime
    revoked: bool

    @property
    def role(self) -> str:
        return "camera" if "/" in self.name else self.name.split(".")[0]


class Authority:
    """A certificate authority in a folder. ECDSA P-256: every TLS stack on a camera has it.

    Args:
        folder: where its files are.
        now: the present moment, with its zone.
    """

    def __init__(self, folder: Path, now: datetime.datetime) -> None:
        self.folder, self.now = folder, now

    def init(self, servers: Sequence[str], *, days: int = CA_DAYS) -> None:
        """Make the authority, an empty revocation list and the broker's certificate.

        Raises:
            CertsError: there is one already.
        """
        if (self.folder / "ca.key").exists():
            raise CertsError(f"{self.folder} holds an authority already; choose another folder")
        (self.folder / "issued").mkdir(parents=True, exist_ok=True)
        key, name = new_key(), name_of("Viewkeeper pilot CA")
        certificate = (
            self._builder(name, name, key.public_key(), days)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage(ca=True), critical=True)
            .sign(key, hashes.SHA256())
        )
        write_key(self.folder / "ca.key", key)
        write_pem(self.folder / "ca.crt", certificate)
        self._write_crl([])
        self.renew_server(servers)

    def renew_server(self, servers: Sequence[str], *, days: int = SERVER_DAYS) -> None:
        """A new certificate for the broker, for these host names and addresses."""
        if not servers:
            raise CertsError("name the broker: --server HOST, as the cameras will call it")
        alternatives = x509.SubjectAlternativeName([alternative(server) for server in servers])
        key = new_key()
        certificate = self._signed(
            servers[0], key.public_key(), days, (ExtendedKeyUsageOID.SERVER_AUTH,), alternatives
        )
        write_key(self.folder / "server.key", key)
        write_pem(self.folder / "server.crt", certificate)

    def issue_node(
        self, name: str, servers: Sequence[str], *, days: int = SERVER_DAYS
    ) -> tuple[Path, Path]:
        """A pair for a node of a clustered broker: server to clients, both to other nodes."""
        if not servers or re.fullmatch(_OTHER, name) is None:
            raise CertsError("a node needs a NAME of a-z, 0-9 and hyphens, and --server HOST")
        alternatives = x509.SubjectAlternativeName([alternative(server) for server in servers])
        key, common_name = new_key(), f"node.{name}"
        purposes = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)
        certificate = self._signed(common_name, key.public_key(), days, purposes, alternatives)
        paths = self.folder / f"{common_name}.crt", self.folder / f"{common_name}.key"
        write_pem(paths[0], certificate)
        write_key(paths[1], key)
        return paths

    def issue(
        self,
        role: str,
        name: str,
        *,
        days: int = CLIENT_DAYS,
        renew: bool = False,
        request: bytes | None = None,
    ) -> Issued:
        """A certificate for a client.

        Args:
            days: how long it holds; negative: born expired, for tests.
            renew: let the present one, if there is one, hold until it expires.
            request: PEM, PKCS #10, for this name; without one a key is made here.

        Raises:
            CertsError: a name that will not do, or that is in use and not revoked; a request that
                is none, or another client's.
        """
        if re.fullmatch(_CAMERA if role == "camera" else _OTHER, name) is None:
            form = "site/camera" if role == "camera" else "a name"
            raise CertsError(f"{name!r}: give {form} of a-z, 0-9 and inner hyphens")
        common_name = name if role == "camera" else f"{role}.{name}"
        if len(common_name) > 64:  # RFC 5280, ub-common-name
            raise CertsError(f"{name!r}: at most 64 characters fit into a common name")
        present = [issued for issued in self.issued() if issued.name == common_name]
        if present and not present[0].revoked and not renew:
            raise CertsError(f"{common_name} has a certificate: revoke it first, or --renew")
        key = None if request is not None else new_key()
        public = requested(request, common_name) if key is None else key.public_key()
        certificate = self._signed(common_name, public, days, (ExtendedKeyUsageOID.CLIENT_AUTH,))
        if key is not None:
            write_key(self.path_of(common_name, "key"), key)
        write_pem(self.path_of(common_name, "crt"), certificate)
        return Issued(
            common_name, certificate.serial_number, certificate.not_valid_after_utc, False
        )

    def revoke(self, common_name: str) -> Issued:
        """Put a certificate on the revocation list; the broker reads it on SIGHUP.

        Raises:
            CertsError: no such certificate.
        """
        for issued in self.issued():
            if issued.name == common_name:
                revoked = {*self._revoked(), issued.serial}
                self._write_crl(sorted(revoked))
                return Issued(issued.name, issued.serial, issued.expires, True)
        raise CertsError(f"no certificate for {common_name} was issued here")

    def issued(self) -> list[Issued]:
        """The latest certificate of every client."""
        revoked, found = self._revoked(), []
        for path in sorted((self.folder / "issued").glob("*.crt")):
            certificate = x509.load_pem_x509_certificate(path.read_bytes())
            (attribute,) = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
            serial = certificate.serial_number
            found.append(
                Issued(
                    str(attribute.value), serial, certificate.not_valid_after_utc, serial in revoked
                )
            )
        return found

    def path_of(self, common_name: str, suffix: str) -> Path:
        """Where a client's ``crt`` or ``key`` is; ``/`` becomes ``_``."""
        return self.folder / "issued" / f"{common_name.replace('/', '_')}.{suffix}"

    def _pair(self) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        try:
            certificate = x509.load_pem_x509_certificate((self.folder / "ca.crt").read_bytes())
            key = serialization.load_pem_private_key((self.folder / "ca.key").read_bytes(), None)
        except (OSError, ValueError) as error:
            raise CertsError(f"no authority in {self.folder}: run init first ({error})") from error
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return certificate, key

    def _signed(
        self,
        common_name: str,
        key: ec.EllipticCurvePublicKey,
        days: int,
        purposes: Sequence[x509.ObjectIdentifier],
        alternatives: x509.SubjectAlternativeName | None = None,
    ) -> x509.Certificate:
        ca, ca_key = self._pair()
        builder = (
            self._builder(name_of(common_name), ca.subject, key, days)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(usage(ca=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()),
                critical=False,
            )
        )
        if alternatives is not None:
            builder = builder.add_extension(alternatives, critical=False)
        return builder.sign(ca_key, hashes.SHA256())

    def _builder(
        self, subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
    ) -> x509.CertificateBuilder:
        # A day back: a camera's clock may be behind. Further back for one born expired.
        begin = self.now - _DAY + min(0, days) * _DAY
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(self.now + days * _DAY)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        )

    def _revoked(self) -> set[int]:
        path = self.folder / "crl.pem"
        if not path.exists():
            return set()
        return {entry.serial_number for entry in x509.load_pem_x509_crl(path.read_bytes())}

    def _write_crl(self, serials: Sequence[int]) -> None:
        ca, key = self._pair()
        path, number, update = self.folder / "crl.pem", 1, self.now - _DAY
        if path.exists():
            # mosquitto reads a new list beside the old one; OpenSSL goes by the later update.
            last = x509.load_pem_x509_crl(path.read_bytes())
            update = max(update, last.last_update_utc + datetime.timedelta(seconds=1))
            number += last.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
        # As long as the authority itself: past its next update, a list shuts everybody out.
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(ca.subject)
            .last_update(update)
            .add_extension(x509.CRLNumber(number), critical=False)
            .next_update(ca.not_valid_after_utc)
        )
        for serial in serials:
            entry = x509.RevokedCertificateBuilder().serial_number(serial)
            builder = builder.add_revoked_certificate(
                entry.revocation_date(self.now - _DAY).build()
            )
        crl = builder.sign(key, hashes.SHA256())
        replace_file(path, crl.public_bytes(serialization.Encoding.PEM), 0o644)
