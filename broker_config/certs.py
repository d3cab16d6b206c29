"""A small certificate authority for tests and pilots: who may speak to a site's broker.

    certs.py init FOLDER --server broker.example --server 192.0.2.7
    certs.py issue FOLDER camera north-gate/cam-01 [--days 1095]
    certs.py issue FOLDER desk|recorder|dashboard|homeassistant NAME
    certs.py issue FOLDER bridge SITE         (a site's broker, at the province's)
    certs.py node FOLDER NAME --server HOST   (a node of a cluster: to clients and to other nodes)
    certs.py issue … --renew
    certs.py issue FOLDER camera SITE/CAMERA --request CAMERA.csr    (the key stays on the camera)
    certs.py server FOLDER --server HOST      (renews the broker's)
    certs.py revoke FOLDER NAME
    certs.py list FOLDER
    certs.py acl FOLDER > acl

A certificate's common name is the user name the broker's ACL knows: ``site/camera`` for a camera,
``role.name`` for the others. FOLDER then holds ``ca.crt``, ``ca.key``, ``crl.pem``,
``server.crt``, ``server.key``, and ``issued/NAME.crt``, ``.key``.

For production use the operator's own authority and keep its key off this machine: the broker
needs ``ca.crt``, ``crl.pem``, its own pair and nothing else.
"""

from __future__ import annotations

import argparse
import datetime
import ipaddress
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ROLES = ("camera", "desk", "recorder", "dashboard", "homeassistant", "bridge")
CA_DAYS, SERVER_DAYS, CLIENT_DAYS = 3650, 825, 1095
_CAMERA = r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?/[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?"
_OTHER = r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?"
_DAY = datetime.timedelta(days=1)


class CertsError(Exception):
    """Something the person at the keyboard can put right."""


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
        key, name = _new_key(), _name("Viewkeeper pilot CA")
        certificate = (
            self._builder(name, name, key.public_key(), days)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(ca=True), critical=True)
            .sign(key, hashes.SHA256())
        )
        _write_key(self.folder / "ca.key", key)
        _write_pem(self.folder / "ca.crt", certificate)
        self._write_crl([])
        self.renew_server(servers)

    def renew_server(self, servers: Sequence[str], *, days: int = SERVER_DAYS) -> None:
        """A new certificate for the broker, for these host names and addresses."""
        if not servers:
            raise CertsError("name the broker: --server HOST, as the cameras will call it")
        alternatives = x509.SubjectAlternativeName([_alternative(server) for server in servers])
        key = _new_key()
        certificate = self._signed(
            servers[0], key.public_key(), days, (ExtendedKeyUsageOID.SERVER_AUTH,), alternatives
        )
        _write_key(self.folder / "server.key", key)
        _write_pem(self.folder / "server.crt", certificate)

    def issue_node(
        self, name: str, servers: Sequence[str], *, days: int = SERVER_DAYS
    ) -> tuple[Path, Path]:
        """A pair for a node of a clustered broker: server to clients, both to other nodes."""
        if not servers or re.fullmatch(_OTHER, name) is None:
            raise CertsError("a node needs a NAME of a-z, 0-9 and hyphens, and --server HOST")
        alternatives = x509.SubjectAlternativeName([_alternative(server) for server in servers])
        key, common_name = _new_key(), f"node.{name}"
        purposes = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)
        certificate = self._signed(common_name, key.public_key(), days, purposes, alternatives)
        paths = self.folder / f"{common_name}.crt", self.folder / f"{common_name}.key"
        _write_pem(paths[0], certificate)
        _write_key(paths[1], key)
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
        key = None if request is not None else _new_key()
        public = _requested(request, common_name) if key is None else key.public_key()
        certificate = self._signed(common_name, public, days, (ExtendedKeyUsageOID.CLIENT_AUTH,))
        if key is not None:
            _write_key(self.path_of(common_name, "key"), key)
        _write_pem(self.path_of(common_name, "crt"), certificate)
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
            self._builder(_name(common_name), ca.subject, key, days)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(ca=False), critical=True)
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
        _replace(path, crl.public_bytes(serialization.Encoding.PEM), 0o644)


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
            if client.role == "recorder":  # it countersigns what cameras commit to
                lines.append("topic write viewkeeper/v1/+/+/witness")
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) + "\n"


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _requested(request: bytes | None, common_name: str) -> ec.EllipticCurvePublicKey:
    """The public key of a certificate request, which must prove it and ask for this name."""
    try:
        asked = x509.load_pem_x509_csr(request or b"")
    except ValueError:
        raise CertsError("the request is not a PEM certificate request (PKCS #10)") from None
    key = asked.public_key()
    if not asked.is_signature_valid or not isinstance(key, ec.EllipticCurvePublicKey):
        raise CertsError("the request is not signed by an elliptic-curve key of its own")
    names = [str(each.value) for each in asked.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    if names != [common_name]:
        raise CertsError(f"the request is for {', '.join(names) or 'nobody'}, not {common_name}")
    return key


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _alternative(server: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(server))
    except ValueError:
        return x509.DNSName(server)


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )


def _write_pem(path: Path, certificate: x509.Certificate) -> None:
    _replace(path, certificate.public_bytes(serialization.Encoding.PEM), 0o644)


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    data = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    _replace(path, data, 0o600)


def _replace(path: Path, data: bytes, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
    temporary.replace(path)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 0 where it did what was asked."""
    parser = argparse.ArgumentParser(description="A small certificate authority.")
    verbs = parser.add_subparsers(dest="verb", required=True)
    folder = argparse.ArgumentParser(add_help=False)
    folder.add_argument("folder", type=Path, help="where the authority's files are")
    init = verbs.add_parser(
        "init", parents=[folder], help="make the authority and the broker's pair"
    )
    init.add_argument("--server", action="append", default=[], help="host name or address")
    renew = verbs.add_parser("server", parents=[folder], help="a new pair for the broker")
    renew.add_argument("--server", action="append", default=[], help="host name or address")
    issue = verbs.add_parser("issue", parents=[folder], help="a pair for a client")
    issue.add_argument("role", choices=ROLES)
    issue.add_argument("name", help="site/camera for a camera, a name for the others")
    issue.add_argument("--renew", action="store_true", help="the present one holds on")
    issue.add_argument(
        "--request",
        type=Path,
        metavar="FILE.csr",
        help="the client's own certificate request: its key stays where it was made",
    )
    issue.add_argument("--days", type=int, default=CLIENT_DAYS, help="how long it holds")
    node = verbs.add_parser("node", parents=[folder], help="a pair for a node of a cluster")
    node.add_argument("name", help="of the node")
    node.add_argument("--server", action="append", default=[], help="host name or address")
    revoke = verbs.add_parser(
        "revoke", parents=[folder], help="put a client on the revocation list"
    )
    revoke.add_argument("name", help="its common name, as list shows it")
    verbs.add_parser("list", parents=[folder], help="who has a certificate, and until when")
    acl_verb = verbs.add_parser("acl", parents=[folder], help="print the broker's ACL")
    acl_verb.add_argument("--discovery-prefix", default="homeassistant")
    options = parser.parse_args(arguments)
    authority = Authority(options.folder, datetime.datetime.now(datetime.UTC))
    try:
        _run(options, authority)
    except CertsError as error:
        print(f"certs: {error}", file=sys.stderr)
        return 1
    return 0


def _run(options: argparse.Namespace, authority: Authority) -> None:
    if options.verb == "init":
        authority.init(options.server)
    elif options.verb == "server":
        authority.renew_server(options.server)
    elif options.verb == "issue":
        try:
            request = None if options.request is None else options.request.read_bytes()
        except OSError as error:
            raise CertsError(f"{options.request}: {error.strerror}") from None
        issued = authority.issue(
            options.role, options.name, days=options.days, renew=options.renew, request=request
        )
        print(authority.path_of(issued.name, "crt"))
    elif options.verb == "node":
        print(*authority.issue_node(options.name, options.server), sep="\n")
    elif options.verb == "revoke":
        name = authority.revoke(options.name).name
        print(f"{name} is revoked: write the ACL anew (certs.py acl), then send the broker SIGHUP")
    elif options.verb == "list":
        for issued in authority.issued():
            left = (issued.expires - authority.now).days
            state = "revoked" if issued.revoked else f"{left} days left"
            print(f"{issued.name:40} {issued.role:14} {state}")
    else:
        fixed = (Path(__file__).parent / "acl.conf").read_text("utf-8")
        sys.stdout.write(acl(authority.issued(), fixed, discovery_prefix=options.discovery_prefix))


if __name__ == "__main__":
    sys.exit(main())
