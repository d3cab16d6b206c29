"""The device's MQTT client under a real MicroPython against a real mosquitto."""

import collections
import contextlib
import getpass
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.device.runner import MICROPYTHON, ROOT, compiled, needs_micropython
from viewkeeper.sim.broker import LOOPBACK, Broker, free_port, installed_kinds

pytestmark = [
    needs_micropython,
    pytest.mark.skipif("mosquitto" not in installed_kinds(), reason="no mosquitto here"),
]
PATIENCE_S = 30.0
CONNECT, PUBLISH, SUBSCRIBE, PINGREQ = 1, 3, 8, 12

SCRIPT = """
import asyncio, json, random, sys, time
from device.net.mqtt import Client, Settings
from device.net.outbox import Outbox

about = json.load(open("given.json"))
tls = None
if about.get("ca"):
    from device.net.secure import client_context
    tls = lambda: client_context(about["ca"], about.get("cert"), about.get("key"))
outbox = Outbox()
heard = []

def on_message(topic, payload, retained):
    heard.append([topic, bytes(payload).decode(), retained])
    outbox.put_kept("t/heard", json.dumps(heard[-1]).encode(), "t/heard", 0)
    client.wake()

def on_large(topic, digest, retained):
    outbox.put_kept("t/large", digest, "t/large", 0)
    client.wake()

def on_connected():
    outbox.put_latest("t/status", b"online")
    client.wake()

client = Client(
    Settings(about["host"], about["port"], "dev1", ("t/status", b"offline"), ["t/orders/+"],
             tls=tls, keepalive_s=about.get("keepalive_s", 10), retry_first_s=0.05,
             retry_most_s=about.get("retry_most_s", 0.2), connect_timeout_s=5),
    outbox, on_message, on_large, on_connected, time.ticks_ms, time.ticks_diff,
    lambda: about.get("jitter") or random.random())

async def talk():
    for number in range(about["count"]):
        outbox.put_kept("t/event", b"%d" % number, "t/history", number)
        client.wake()
        await asyncio.sleep(about.get("pause_s", 0.02))
        while len(outbox) >= 30:  # what a full box drops is test_outbox's
            await asyncio.sleep(0.02)
    while len(outbox):
        await asyncio.sleep(0.02)
    await asyncio.sleep(about.get("stay_s", 0))
    print(json.dumps({"connects": client.connects, "lost": outbox.lost, "why": client.why_lost}))
    if about.get("farewell", True):
        await client.leave()

async def main():
    task = asyncio.create_task(client.run())
    await talk()
    task.cancel()

asyncio.run(main())
"""


class Peer:
    """A backend on the same broker."""

    def __init__(self, port, certs=None):
        self.heard, self._changed = [], threading.Condition()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
        if certs:
            self.client.tls_set(certs["ca"], certs["cert"], certs["key"])
        self.client.reconnect_delay_set(1, 1)
        self.client.on_connect = self._on_connect
        self.client.on_message = self._on_message
        ready = threading.Event()
        self.client.on_subscribe = lambda *_: ready.set()
        self.client.connect(LOOPBACK, port, keepalive=10)
        self.client.loop_start()
        assert ready.wait(PATIENCE_S)

    def _on_connect(self, client, *_):
        client.subscribe("t/#", qos=1)

    def _on_message(self, _client, _data, message):
        with self._changed:
            self.heard.append((message.topic, message.payload, message.retain))
            self._changed.notify_all()

    def payloads(self, *topics):
        return [payload for topic, payload, _ in self.heard if topic in topics]

    def until(self, holds):
        deadline = time.monotonic() + PATIENCE_S
        with self._changed:
            while not holds():
                left_s = deadline - time.monotonic()
                assert left_s > 0, self.heard[-5:]
                self._changed.wait(left_s)

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


class Device:
    """The script as a process."""

    def __init__(self, folder, **about):
        folder.mkdir(exist_ok=True)
        (folder / "script.py").write_text(SCRIPT)
        (folder / "given.json").write_text(json.dumps({"host": LOOPBACK, "count": 0, **about}))
        self.process = subprocess.Popen(
            [*MICROPYTHON, "-X", "heapsize=256K", "script.py"],
            cwd=folder,
            env={**os.environ, "MICROPYPATH": f"{compiled()}:.frozen"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def end(self):
        out, _ = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, out
        return json.loads(out.splitlines()[-1])

    def kill(self):
        self.process.kill()
        return self.process.communicate()[0]


@pytest.fixture
def broker():
    with Broker.start("mosquitto") as running:
        yield running


@pytest.fixture
def peer(broker):
    peer = Peer(broker.tcp_port)
    yield peer
    peer.close()


def test_what_is_kept_arrives_once_and_in_order(broker, peer, tmp_path):
    device = Device(tmp_path, port=broker.tcp_port, count=60, pause_s=0.005)
    told = device.end()
    assert told["lost"] == 0
    peer.until(lambda: len(peer.payloads("t/event", "t/history")) >= 60)
    assert peer.payloads("t/event", "t/history") == [b"%d" % n for n in range(60)]
    assert told["connects"] == 1
    assert told["lost"] == 0


def test_nothing_is_lost_when_the_broker_is_cut_off_in_the_middle(broker, peer, tmp_path):
    device = Device(tmp_path, port=broker.tcp_port, count=100)
    peer.until(lambda: len(peer.payloads("t/event")) >= 20)
    broker.kill()
    time.sleep(0.3)
    broker.restart()
    told = device.end()
    assert told["connects"] >= 2
    assert told["lost"] == 0
    # The broker keeps nothing for a peer whose session ended with it, so the cut is seen from the
    # device: all it said was acknowledged, and the last word came when the peer was back.
    broken = list(dict.fromkeys(peer.payloads("t/event", "t/history")))
    assert broken == sorted(broken, key=int)


def test_the_will_tells_of_a_device_that_died_without_a_word(broker, peer, tmp_path):
    device = Device(tmp_path, port=broker.tcp_port, stay_s=60)
    peer.until(lambda: b"online" in peer.payloads("t/status"))
    device.kill()
    peer.until(lambda: b"offline" in peer.payloads("t/status"))


def test_a_farewell_leaves_the_will_unsaid(broker, peer, tmp_path):
    Device(tmp_path, port=broker.tcp_port, count=1).end()
    peer.until(lambda: b"0" in peer.payloads("t/event", "t/history"))
    time.sleep(0.3)
    assert b"offline" not in peer.payloads("t/status")


def test_pings_keep_a_silent_line_alive(broker, peer, tmp_path):
    # The broker cuts off who says nothing for one and a half times the keep-alive.
    told = Device(tmp_path, port=broker.tcp_port, count=1, keepalive_s=1, stay_s=3).end()
    assert told["connects"] == 1


class Counting:
    """A relay before the broker that counts the packets a client sends, by type."""

    def __init__(self, port):
        self.packets = collections.Counter()
        self._listening = socket.create_server((LOOPBACK, 0))
        self.port = self._listening.getsockname()[1]
        self._broker = port
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            client, _ = self._listening.accept()
            broker = socket.create_connection((LOOPBACK, self._broker))
            threading.Thread(target=self._carry, args=(broker, client), daemon=True).start()
            self._carry(client, broker, self._count)

    def _carry(self, source, target, note=lambda data: None):
        while data := source.recv(4096):
            note(data)
            target.sendall(data)
        target.close()

    def _count(self, data):
        # Every packet here is one write of the client and shorter than what is read at once, but
        # several may lie in one piece.
        while data:
            size, shift, at = 0, 0, 1
            while True:
                size |= (data[at] & 0x7F) << shift
                at, shift = at + 1, shift + 7
                if data[at - 1] < 0x80:
                    break
            self.packets[data[0] >> 4] += 1
            data = data[at + size :]

    def close(self):
        self._listening.close()


@pytest.mark.parametrize("speaks", [True, False])
def test_only_a_device_that_said_nothing_pings(broker, peer, tmp_path, speaks):
    relay = Counting(broker.tcp_port)
    about = {"count": 20, "pause_s": 0.2} if speaks else {"count": 1, "stay_s": 4}
    told = Device(tmp_path, port=relay.port, keepalive_s=1, **about).end()
    relay.close()
    assert told["connects"] == 1
    assert relay.packets[CONNECT] == relay.packets[SUBSCRIBE] == 1
    assert relay.packets[PUBLISH] == about["count"] + 1  # and that it is online
    if speaks:
        assert relay.packets[PINGREQ] == 0
    else:
        assert 2 <= relay.packets[PINGREQ] <= 4  # in four times the keep-alive, and no more


def test_a_broker_that_freezes_is_left_and_found_again(broker, peer, tmp_path):
    device = Device(tmp_path, port=broker.tcp_port, count=30, pause_s=0.2, keepalive_s=1, stay_s=1)
    peer.until(lambda: peer.payloads("t/event"))
    assert broker._process is not None
    os.kill(broker._process.pid, signal.SIGSTOP)
    time.sleep(5.0)  # the line stays up and nothing answers
    os.kill(broker._process.pid, signal.SIGCONT)
    told = device.end()
    assert told["connects"] >= 2
    peer.until(lambda: len(set(peer.payloads("t/event", "t/history"))) == 30)


def test_orders_come_in_and_one_too_long_comes_as_its_digest(broker, peer, tmp_path):
    peer.client.publish("t/orders/config", b"standing", qos=1, retain=True).wait_for_publish(5)
    device = Device(tmp_path, port=broker.tcp_port, stay_s=60)
    peer.until(lambda: peer.payloads("t/heard"))
    assert json.loads(peer.payloads("t/heard")[0]) == ["t/orders/config", "standing", True]
    long = bytes(300_000)
    peer.client.publish("t/orders/x", long, qos=1).wait_for_publish(5)
    peer.client.publish("t/orders/x", b"short", qos=1).wait_for_publish(5)
    peer.until(lambda: len(peer.payloads("t/heard")) >= 2)
    assert json.loads(peer.payloads("t/heard")[1]) == ["t/orders/x", "short", False]
    assert peer.payloads("t/large") == [hashlib.sha256(long).digest()]
    device.kill()


def test_each_packet_goes_out_in_one_write(tmp_path):
    # Each read is one segment: the other side acknowledges before the next is said.
    with socket.create_server((LOOPBACK, 0)) as server:
        device = Device(tmp_path, port=server.getsockname()[1], count=3, stay_s=60)
        line, _ = server.accept()
        with line:
            line.settimeout(PATIENCE_S)
            assert line.recv(4096).endswith(b"t/status\x00\x07offline")
            line.sendall(b"\x20\x02\x00\x00")
            rest = line.recv(4096)
            # What was said before the line stood comes by its late topic.
            while rest.count(b"t/event") + rest.count(b"t/history") < 3:
                part = line.recv(4096)
                assert part[0] >> 4 in (8, 3)
                rest += part
        device.kill()


def test_what_was_said_without_a_line_comes_by_its_late_topic(broker, tmp_path):
    broker.kill()
    device = Device(tmp_path, port=broker.tcp_port, count=3, pause_s=0.01, stay_s=2)
    time.sleep(0.7)
    # Whoever is there before the device: only then is nothing missed.
    with socket.create_server((LOOPBACK, broker.tcp_port)) as server:
        line, _ = server.accept()
        with line:
            line.settimeout(PATIENCE_S)
            line.recv(4096)
            line.sendall(b"\x20\x02\x00\x00")
            said = b""
            while said.count(b"t/event") + said.count(b"t/history") < 3:
                said += line.recv(4096)
    device.kill()
    assert said.count(b"t/history") == 3


def test_a_refused_subscription_makes_the_pauses_longer(tmp_path):
    calls = 0
    with socket.create_server((LOOPBACK, 0)) as server:
        device = Device(
            tmp_path, port=server.getsockname()[1], stay_s=60, retry_most_s=3600, jitter=1.0
        )
        server.settimeout(3.0)
        with contextlib.suppress(TimeoutError):
            while True:
                line, _ = server.accept()
                calls += 1
                with line:
                    line.recv(4096)
                    line.sendall(b"\x20\x02\x00\x00")
                    hello = line.recv(4096)
                    assert hello[0] == 0x82
                    line.sendall(b"\x90\x03" + hello[2:4] + b"\x80")
                    line.recv(4096)
                assert calls < 10, "it hammers at a broker that refuses"
        device.kill()
    assert calls >= 3


TLS_CONF = """\
user {user}
per_listener_settings true
listener {port} 127.0.0.1
allow_anonymous false
use_identity_as_username true
require_certificate true
cafile {folder}/ca.crt
certfile {folder}/server.crt
keyfile {folder}/server.key
"""


class TlsBroker:
    """A mosquitto that lets nobody in without a certificate of its own authority."""

    def __init__(self, folder):
        tool = [sys.executable, str(ROOT / "broker_config" / "certs.py")]
        for words in (
            ["init", "--server", "localhost", "--server", LOOPBACK, str(folder)],
            ["issue", str(folder), "camera", "s1/dev1"],
            ["issue", str(folder), "desk", "d1"],
        ):
            subprocess.run([*tool, *words], check=True, capture_output=True)
        self.port, self.folder = free_port(), folder
        self.ca = str(folder / "ca.crt")
        self.process: subprocess.Popen[bytes] | None = None
        self.conf = folder / "conf"
        self.conf.write_text(TLS_CONF.format(user=getpass.getuser(), port=self.port, folder=folder))

    def pair(self, part):
        crt = next(p for p in (self.folder / "issued").rglob("*.crt") if part in str(p))
        # mbedTLS checks names, not addresses: the device must know the broker by name.
        return {
            "host": "localhost",
            "ca": self.ca,
            "cert": str(crt),
            "key": str(crt.with_suffix(".key")),
        }

    def start(self):
        path = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        with open(os.devnull, "wb") as nowhere:
            self.process = subprocess.Popen(
                [path, "-c", str(self.conf)], stdout=nowhere, stderr=nowhere
            )
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, self.port), 1):
                return
            time.sleep(0.05)
        raise AssertionError("mosquitto does not come up")

    def kill(self):
        assert self.process is not None
        self.process.kill()
        self.process.wait()


@pytest.fixture
def tls_broker(tmp_path):
    broker = TlsBroker(tmp_path / "certs")
    broker.start()
    yield broker
    broker.kill()


def test_over_mutual_tls_a_cut_costs_nothing(tls_broker, tmp_path):
    peer = Peer(tls_broker.port, tls_broker.pair("d1"))
    device = Device(tmp_path / "dev", port=tls_broker.port, count=60, **tls_broker.pair("dev1"))
    peer.until(lambda: len(peer.payloads("t/event")) >= 10)
    tls_broker.kill()
    tls_broker.start()
    told = device.end()
    assert told["connects"] >= 2
    assert told["lost"] == 0
    peer.close()


def test_without_a_certificate_the_broker_lets_nobody_in(tls_broker, tmp_path):
    peer = Peer(tls_broker.port, tls_broker.pair("d1"))
    device = Device(
        tmp_path / "dev", port=tls_broker.port, count=1, ca=tls_broker.ca, host="localhost"
    )
    time.sleep(1.5)
    assert device.process.poll() is None
    device.kill()
    assert not peer.heard
    peer.close()


def test_a_broker_of_another_authority_hears_not_a_word(tls_broker, tmp_path):
    peer = Peer(tls_broker.port, tls_broker.pair("d1"))
    other = tmp_path / "other"
    tool = [sys.executable, str(ROOT / "broker_config" / "certs.py")]
    subprocess.run(
        [*tool, "init", "--server", LOOPBACK, str(other)], check=True, capture_output=True
    )
    pair = {**tls_broker.pair("dev1"), "ca": str(other / "ca.crt")}
    device = Device(tmp_path / "dev", port=tls_broker.port, count=1, **pair)
    time.sleep(1.5)
    assert device.process.poll() is None
    device.kill()
    assert not peer.heard
    peer.close()
