"""An order goes over a real broker and the verdict of the camera comes back."""

import threading
import time

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from viewkeeper.agent.core.trust.clock import Now
from viewkeeper.agent.enrolling import enrol, open_desk
from viewkeeper.authority.cli import main
from viewkeeper.authority.config_file import EXAMPLE
from viewkeeper.authority.desk import Desk
from viewkeeper.protocol.records import Header, Record, seal
from viewkeeper.protocol.vectors import workshop as w
from viewkeeper.protocol.vocabulary import ClockTrust, OrderKind
from viewkeeper.sim.broker import Broker, installed_kinds

KEY = w.DEVICE_SIGNER.verify_key.raw.hex()


class AnsweringCamera:
    """The real order desk behind a bare MQTT client."""

    def __init__(self, port, home, topics, signer):
        self.desk, self.topics, self.signer = open_desk(home), topics, signer
        self.ready = threading.Event()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
        self.client.on_connect = lambda client, *_: client.subscribe(topics.config_desired, 1)
        self.client.on_subscribe = lambda *_: self.ready.set()
        self.client.on_message = self._answer
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert self.ready.wait(10)

    def _answer(self, client, _data, arrival):
        now = Now(int(time.time()), True)
        verdict = self.desk.receive(
            arrival.payload, OrderKind.CONFIG, retained=arrival.retain, now=now
        )
        header = Header(
            device=self.desk.device,
            boot=bytes(8),
            sequence=1,
            utc_ms=now.utc_s * 1000,
            mono_ms=1,
            clock=ClockTrust.SYNCHRONISED,
        )
        sealed = seal(Record(header, verdict), self.signer)
        client.publish(self.topics.config_applied, sealed, qos=1, retain=True)

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture(params=["mosquitto", "iotcore"])
def broker(request):
    if request.param not in installed_kinds():
        pytest.skip(f"{request.param} is not installed here")
    with Broker.start(request.param) as broker:
        yield broker


@pytest.fixture
def office(tmp_path):
    path = tmp_path / "desk"
    main(["init", str(path), "--person", "Li Wei", "--no-passphrase"])
    main(["camera", "enrol", str(path), "--camera", "cam-1", "--site", "x", "--device-key", KEY])
    (tmp_path / "config.toml").write_text(EXAMPLE, encoding="utf-8")
    return path


def sign(office, out):
    file = str(office.parent / "config.toml")
    words = ["config", "sign", str(office), "--camera", "cam-1", "--file", file, "--yes"]
    assert main([*words, "--out", str(out)]) == 0


def send(office, order, port, *more):
    return main(["send", str(office), str(order), "--port", str(port), *more])


def test_send_prints_the_verified_verdict(broker, office, tmp_path, capsys):
    home = tmp_path / "camera"
    home.mkdir()
    enrol(home, Desk(office).enrolment_file("cam-1").read_bytes(), w.DEVICE_SIGNER)
    camera = AnsweringCamera(
        broker.tcp_port, home, Desk(office).camera("cam-1").topics, w.DEVICE_SIGNER
    )
    try:
        order = tmp_path / "order.cose"
        sign(office, order)
        assert send(office, order, broker.tcp_port) == 0
        assert "accepted" in capsys.readouterr().out
        assert Desk(office).camera("cam-1").row(OrderKind.CONFIG).accepted == 1
        text = (tmp_path / "config.toml").read_text(encoding="utf-8")
        text = text.replace('"M01"', '"X1"')
        (tmp_path / "config.toml").write_text(text, encoding="utf-8")
        sign(office, order)
        assert send(office, order, broker.tcp_port, "--json") == 1
        assert "prohibited_place" in capsys.readouterr().out
        assert Desk(office).camera("cam-1").row(OrderKind.CONFIG).accepted == 1
    finally:
        camera.close()


def test_a_verdict_of_somebody_else_is_not_believed(broker, office, tmp_path, capsys):
    home = tmp_path / "camera"
    home.mkdir()
    enrol(home, Desk(office).enrolment_file("cam-1").read_bytes(), w.DEVICE_SIGNER)
    liar = AnsweringCamera(
        broker.tcp_port, home, Desk(office).camera("cam-1").topics, w.signer("a liar")
    )
    try:
        order = tmp_path / "order.cose"
        sign(office, order)
        assert send(office, order, broker.tcp_port, "--timeout-s", "2") == 2
        assert "no verdict" in capsys.readouterr().err
    finally:
        liar.close()
