"""The small certificate authority: names, expiry, revocation, rights."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from viewkeeper.sim.site_config import tool

NOW = datetime.datetime(2026, 6, 1, tzinfo=datetime.UTC)


@pytest.fixture(scope="module")
def certs() -> Any:
    return tool("certs")


@pytest.fixture
def authority(certs: Any, tmp_path: Path) -> Any:
    made = certs.Authority(tmp_path / "ca", NOW)
    made.init(["broker.example", "192.0.2.7"])
    return made


def load(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def crl_of(authority: Any) -> x509.CertificateRevocationList:
    return x509.load_pem_x509_crl((authority.folder / "crl.pem").read_bytes())


def test_the_brokers_certificate_is_good_for_every_name_it_was_given(authority: Any):
    store = Store([load(authority.folder / "ca.crt")])
    server = load(authority.folder / "server.crt")
    builder = PolicyBuilder().store(store).time(NOW)
    for name in (
        x509.DNSName("broker.example"),
        x509.IPAddress(__import__("ipaddress").ip_address("192.0.2.7")),
    ):
        builder.build_server_verifier(name).verify(server, [])
    with pytest.raises(VerificationError):
        builder.build_server_verifier(x509.DNSName("other.example")).verify(server, [])


def test_a_camera_is_named_by_site_and_camera(authority: Any):
    issued = authority.issue("camera", "north-gate/cam-01")
    assert issued.name == "north-gate/cam-01"
    assert issued.role == "camera"
    certificate = load(authority.path_of(issued.name, "crt"))
    assert certificate.subject.rfc4514_string() == "CN=north-gate/cam-01"
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH]


@pytest.mark.parametrize(
    ("role", "name"),
    [
        ("camera", "cam-01"),
        ("camera", "a/b/c"),
        ("camera", "A/b"),
        ("camera", "a/+"),
        ("camera", "#/b"),
        ("camera", "a/-b"),
        ("camera", "a" * 32 + "/" + "b" * 32),
        ("desk", "a/b"),
        ("desk", "x.y"),
        ("desk", ""),
    ],
)
def test_a_name_that_could_mean_more_than_one_client_is_refused(
    certs: Any, authority: Any, role: str, name: str
):
    with pytest.raises(certs.CertsError):
        authority.issue(role, name)


def test_one_name_one_certificate_until_it_is_revoked_or_renewed(certs: Any, authority: Any):
    first = authority.issue("camera", "s/c")
    with pytest.raises(certs.CertsError):
        authority.issue("camera", "s/c")
    second = authority.issue("camera", "s/c", renew=True)
    assert second.serial != first.serial
    authority.revoke("s/c")
    assert authority.issue("camera", "s/c").serial not in {first.serial, second.serial}


def test_a_revoked_certificate_is_on_the_list_and_the_list_grows(authority: Any):
    one, two = authority.issue("camera", "s/one"), authority.issue("camera", "s/two")
    before = crl_of(authority)
    authority.revoke("s/one")
    authority.revoke("s/two")
    after = crl_of(authority)
    assert {entry.serial_number for entry in after} == {one.serial, two.serial}
    assert after.last_update_utc > before.last_update_utc
    assert after.is_signature_valid(load(authority.folder / "ca.crt").public_key())  # type: ignore[arg-type]
    assert [issued.revoked for issued in authority.issued()] == [True, True]


def test_a_list_does_not_run_out_before_the_authority_itself(authority: Any):
    ca = load(authority.folder / "ca.crt")
    assert crl_of(authority).next_update_utc == ca.not_valid_after_utc


def test_private_keys_are_readable_by_their_owner_alone(authority: Any):
    authority.issue("desk", "main")
    for path in authority.folder.rglob("*.key"):
        assert path.stat().st_mode & 0o077 == 0


def test_an_authority_is_not_overwritten(certs: Any, authority: Any):
    with pytest.raises(certs.CertsError):
        authority.init(["broker.example"])


def test_nothing_can_be_issued_without_an_authority(certs: Any, tmp_path: Path):
    with pytest.raises(certs.CertsError, match="run init first"):
        certs.Authority(tmp_path, NOW).issue("desk", "main")


def test_the_acl_gives_a_revoked_client_nothing_and_lets_desks_order_and_recorders_witness(
    certs: Any, authority: Any
):
    authority.issue("camera", "s/c")
    authority.issue("desk", "main")
    authority.issue("desk", "former")
    authority.issue("dashboard", "wall")
    authority.issue("recorder", "main")
    authority.revoke("desk.former")
    blocks = certs.acl(authority.issued(), "# fixed").split("\n\n")
    by_user = {block.split("\n")[0]: block for block in blocks}
    assert by_user["user desk.former"].split("\n")[1:] == ["topic deny #"]
    assert "topic write viewkeeper/v1/+/+/grant" in by_user["user desk.main"]
    assert "write" not in by_user["user dashboard.wall"]
    assert by_user["user recorder.main"].split("\n")[1:] == [
        "topic read viewkeeper/v1/#",
        "topic write viewkeeper/v1/+/+/witness",
        "topic write viewkeeper/v1/+/+/receipt",
    ]
    assert "topic write homeassistant/+/s_c/+/config" in by_user["user s/c"]
    assert "viewkeeper" not in by_user["user s/c"]


def test_a_name_that_was_revoked_and_issued_again_has_its_rights(certs: Any, authority: Any):
    authority.issue("desk", "main")
    authority.revoke("desk.main")
    authority.issue("desk", "main")
    text = certs.acl(authority.issued(), "# fixed")
    assert "topic deny" not in text
    assert "topic write viewkeeper/v1/+/+/grant" in text


def test_the_command_line_does_it_all(certs: Any, tmp_path: Path, capsys: Any):
    folder = str(tmp_path / "ca")
    assert certs.main(["init", folder, "--server", "localhost"]) == 0
    assert certs.main(["issue", folder, "camera", "s/c", "--days", "30"]) == 0
    assert certs.main(["issue", folder, "recorder", "main"]) == 0
    assert certs.main(["revoke", folder, "recorder.main"]) == 0
    assert certs.main(["server", folder, "--server", "localhost"]) == 0
    capsys.readouterr()
    assert certs.main(["list", folder]) == 0
    listed = capsys.readouterr().out
    assert "revoked" in listed
    assert "29 days left" in listed or "30 days left" in listed
    assert certs.main(["acl", folder]) == 0
    assert "pattern write viewkeeper/v1/%u/report" in capsys.readouterr().out


def test_a_mistake_gives_one_clear_line(certs: Any, tmp_path: Path, capsys: Any):
    assert certs.main(["issue", str(tmp_path), "camera", "x"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def a_request(name: str) -> tuple[ec.EllipticCurvePrivateKey, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, name)])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject)
    signed = request.sign(key, hashes.SHA256())
    return key, signed.public_bytes(serialization.Encoding.PEM)


def test_a_camera_may_keep_its_key_to_itself(authority: Any):
    key, request = a_request("north-gate/cam-01")
    issued = authority.issue("camera", "north-gate/cam-01", request=request)
    certificate = load(authority.path_of(issued.name, "crt"))
    assert certificate.public_key() == key.public_key()
    assert not authority.path_of(issued.name, "key").exists()


def test_a_request_for_another_name_and_a_file_that_is_none_are_refused(certs: Any, authority: Any):
    _, request = a_request("north-gate/cam-02")
    with pytest.raises(certs.CertsError, match=r"is for north-gate/cam-02"):
        authority.issue("camera", "north-gate/cam-01", request=request)
    with pytest.raises(certs.CertsError, match="not a PEM certificate request"):
        authority.issue("camera", "north-gate/cam-01", request=b"hello")
