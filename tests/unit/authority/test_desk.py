"""The signing desk and a camera's mind: what one signs the other obeys."""

import pytest

from viewkeeper.agent.core.device_state import DeviceState, adjudicate
from viewkeeper.agent.core.trust.clock import Now
from viewkeeper.authority.desk import Desk
from viewkeeper.protocol import cose
from viewkeeper.protocol.enrolment import Enrolment
from viewkeeper.protocol.errors import Reason, SetupError
from viewkeeper.protocol.orders import Keyset
from viewkeeper.protocol.records import VerdictRecord
from viewkeeper.protocol.vectors import workshop as w
from viewkeeper.protocol.vocabulary import ClockTrust, LifecycleState, OrderKind, Role

NOW_S = w.START_S


@pytest.fixture
def desk(tmp_path):
    desk = Desk.create(tmp_path / "desk", ["Wang Fang", "He Ping", "Xu Dan"], now_s=NOW_S)
    desk.enrol(camera="cam-17", site="hefei-1", device_key=w.DEVICE_SIGNER.verify_key, now_s=NOW_S)
    return desk


class Mind:
    """A camera's state, answering the desk."""

    def __init__(self, desk):
        bundle = desk.enrolment_file("cam-17").read_bytes()
        self.state = DeviceState.enrolled(Enrolment.decode(bundle))

    def receive(self, message, kind):
        ruling = adjudicate(
            self.state,
            message,
            kind,
            retained=False,
            now=Now(NOW_S + 10, True),
            known_views=frozenset({w.VIEW}),
            entropy=bytes(16),
        )
        self.state = ruling.next_state or self.state
        return ruling


def verdict(ruling, kind):
    return VerdictRecord(
        order=kind,
        order_hash=bytes(32),
        accepted=ruling.accepted,
        reason=ruling.reason.value,
        detail=ruling.detail,
        clock=ClockTrust.SYNCHRONISED,
    )


def sign(desk, body, role):
    order = desk.draft("cam-17", body, now_s=NOW_S)
    return order, desk.sign(order, desk.signers_for(role))


def settle(desk, mind, body, role):
    order, message = sign(desk, body, role)
    ruling = mind.receive(message, order.kind)
    desk.acknowledge("cam-17", message, verdict(ruling, order.kind))
    return ruling


def test_orders_of_the_desk_are_obeyed_one_after_another(desk):
    mind = Mind(desk)
    for pan in (1000, 900, 800):
        ruling = settle(desk, mind, w.config(view_hash=w.VIEW, pan_mdeg=pan), Role.CONFIGURATION)
        assert ruling.accepted, ruling.detail
    assert mind.state.config_sequence == 3
    for to, passed in ((LifecycleState.REGISTERED, None), (LifecycleState.ACCEPTED, True)):
        body = w.step(to, "2026-11-18", passed=passed)
        assert settle(desk, mind, body, Role.LIFECYCLE).accepted


def test_an_order_that_was_never_acknowledged_is_stepped_over(desk):
    mind = Mind(desk)
    settle(desk, mind, w.config(), Role.CONFIGURATION)
    sign(desk, w.config(pan_mdeg=600), Role.CONFIGURATION)
    ruling = settle(desk, mind, w.config(pan_mdeg=500), Role.CONFIGURATION)
    assert (ruling.accepted, ruling.sequence) == (True, 3)


def test_a_refused_order_is_not_built_upon(desk):
    mind = Mind(desk)
    assert not settle(desk, mind, w.config(codes=("X1",)), Role.CONFIGURATION).accepted
    assert desk.last_accepted("cam-17", OrderKind.CONFIG) is None
    settle(desk, mind, w.config(), Role.CONFIGURATION)
    assert desk.last_accepted("cam-17", OrderKind.CONFIG).body == w.config()


def test_a_rotation_signed_by_two_root_persons_is_obeyed(desk):
    mind = Mind(desk)
    present = desk.keyset
    successor = Keyset(version=2, epoch=1, keys=present.keys, thresholds=present.thresholds)
    desk.keep_keyset(successor)
    order = desk.draft("cam-17", successor, now_s=NOW_S)
    signers = [desk.cabinet.signer(name) for name in ("root-1", "root-2")]
    message = desk.sign(order, signers)
    ruling = mind.receive(message, OrderKind.KEYSET)
    assert ruling.accepted, ruling.detail
    desk.acknowledge("cam-17", message, verdict(ruling, OrderKind.KEYSET))
    assert desk.camera("cam-17").keyset_version == 2
    assert settle(desk, mind, w.config(), Role.CONFIGURATION).accepted


def test_three_persons_can_grant_a_look(desk):
    mind = Mind(desk)
    from viewkeeper.protocol.orders import Command

    assert settle(desk, mind, Command(name="new_nonce"), Role.ACCESS).accepted
    body = w.grant(nonce=bytes(16), approver="Wang Fang", officers=("He Ping", "Xu Dan"))
    order = desk.draft("cam-17", body, now_s=NOW_S)
    names = ("approval", "access-1", "access-2")
    message = desk.sign(order, [desk.cabinet.signer(name) for name in names])
    assert mind.receive(message, OrderKind.GRANT).accepted


def test_a_desk_of_one_has_thresholds_of_one_and_no_looks(tmp_path):
    desk = Desk.create(tmp_path / "desk", ["Li Wei"], now_s=NOW_S)
    assert desk.persons_needed(Role.ROOT) == 1
    with pytest.raises(SetupError) as caught:
        desk.keys_for(Role.ACCESS)
    assert caught.value.reason is Reason.ROLE_MISSING


def test_a_desk_is_set_up_once_and_for_somebody(tmp_path, desk):
    with pytest.raises(SetupError, match="already"):
        Desk.create(desk.directory, ["Li Wei"], now_s=NOW_S)
    for persons in ([], ["Li Wei", "Li Wei"]):
        with pytest.raises(SetupError, match="at least one"):
            Desk.create(tmp_path / "other", persons, now_s=NOW_S)
    with pytest.raises(SetupError, match="no signing desk"):
        Desk(tmp_path / "nothing")


def test_a_camera_is_enrolled_once_under_a_proper_id(desk):
    key = w.DEVICE_SIGNER.verify_key
    for camera, site in (("cam-17", "other"), ("CAM", "x"), ("cam/1", "x"), ("ok", "Not Ok")):
        with pytest.raises(SetupError):
            desk.enrol(camera=camera, site=site, device_key=key, now_s=NOW_S)
    with pytest.raises(SetupError, match="no camera"):
        desk.camera("cam-99")


def test_the_register_is_what_the_dashboard_reads(desk):
    (row,) = desk.register()
    assert row["site"] == "hefei-1"
    assert row["camera"] == "cam-17"
    assert bytes.fromhex(row["device_key"]) == w.DEVICE_SIGNER.verify_key.raw
    assert row["kid"] == w.DEVICE_SIGNER.verify_key.kid.hex()


def test_keys_with_a_passphrase_open_with_it_alone(tmp_path):
    desk = Desk.create(
        tmp_path / "desk", ["Li Wei"], now_s=NOW_S, passphrase=lambda name: f"pass {name}".encode()
    )
    signer = desk.cabinet.signer("configuration", lambda name: b"pass configuration")
    assert isinstance(signer, cose.SoftwareSigner)
    assert desk.cabinet.path("configuration").stat().st_mode & 0o077 == 0
    for wrong in (lambda name: b"no", lambda name: None):
        with pytest.raises(SetupError):
            desk.cabinet.signer("configuration", wrong)
    with pytest.raises(SetupError, match="no key"):
        desk.cabinet.signer("nobody")
    with pytest.raises(SetupError, match="letters"):
        desk.cabinet.new_key("../x", "Li Wei", [Role.ROOT], now_s=NOW_S)
