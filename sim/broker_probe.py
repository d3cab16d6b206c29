"""What the brokers of the demo really do: asked, not believed. Prints docs/broker.md's table.

    python -m viewkeeper.sim.broker_probe

Each question is a small conversation of paho clients with a fresh broker; the answer is what
was heard. Brokers that are not installed are left out.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from viewkeeper.sim.broker import Broker, free_port, installed_kinds
from viewkeeper.sim.probe_client import V5, V311, Client, client, wait


@dataclass(frozen=True, slots=True)
class Under:
    """A broker under test: by which MQTT, on which port."""

    broker: Broker
    version: int

    @property
    def port(self) -> int:
        use_v5 = self.version == V5 and self.broker.v5_port is not None
        return self.broker.v5_port if use_v5 and self.broker.v5_port else self.broker.tcp_port


def yes(answer: bool) -> str:
    return "yes" if answer else "**no**"


def connects(under: Under) -> str:
    with client(under.port, under.version) as one:
        return yes(one.accepted)


def other_version_on_the_same_port(under: Under) -> str:
    with client(under.port, V311 if under.version == V5 else V5) as one:
        return yes(one.accepted)


def websocket(under: Under) -> str:
    with client(under.broker.ws_port, under.version, transport="websockets") as one:
        if not one.accepted or not one.subscribe("probe/ws"):
            return yes(False)
        one.publish("probe/ws", b"over ws")
        return yes(one.hears(b"over ws"))


def retained(under: Under) -> str:
    with client(under.port, under.version) as one, client(under.port, under.version) as two:
        one.publish("probe/kept", b"kept", retain=True)
        two.subscribe("probe/kept")
        return yes(two.hears(b"kept") and bool(two.heard[0].retain))


def empty_clears_retained(under: Under) -> str:
    with client(under.port, under.version) as one, client(under.port, under.version) as two:
        one.publish("probe/kept", b"kept", retain=True)
        one.publish("probe/kept", b"", retain=True)
        two.subscribe("probe/#")
        return yes(not two.hears(b"kept", 0.7))


def will_after_a_cut(under: Under) -> str:
    with client(under.port, under.version) as one:
        one.subscribe("probe/will")
        Client(under.port, under.version, client_id="mortal", will=0).cut()
        return yes(one.hears(b"gone", 5.0))


def no_will_after_a_goodbye(under: Under) -> str:
    with client(under.port, under.version) as one:
        one.subscribe("probe/will")
        Client(under.port, under.version, client_id="mortal", will=0).close()
        return yes(not one.hears(b"gone", 1.0))


def will_waits_its_delay(under: Under) -> str:
    if under.version != V5:
        return "–"
    with client(under.port, V5) as one:
        one.subscribe("probe/will")
        Client(under.port, V5, client_id="mortal", will=2, keep=True).cut()
        early = one.hears(b"gone", 1.0)
        return yes(not early and one.hears(b"gone", 6.0))


def return_cancels_a_delayed_will(under: Under) -> str:
    if under.version != V5:
        return "–"
    with client(under.port, V5) as one:
        one.subscribe("probe/will")
        Client(under.port, V5, client_id="mortal", will=2, keep=True).cut()
        with client(under.port, V5, client_id="mortal", will=2, keep=True):
            return yes(not one.hears(b"gone", 4.0))


def session_keeps_messages(under: Under) -> str:
    away = Client(under.port, under.version, client_id="sleeper", keep=True)
    away.subscribe("probe/order")
    away.close()
    with client(under.port, under.version) as one:
        one.publish("probe/order", b"while away")
    with client(under.port, under.version, client_id="sleeper", keep=True) as back:
        return yes(back.hears(b"while away"))


def retained_survives_a_kill(under: Under) -> str:
    with client(under.port, under.version) as one:
        one.publish("probe/kept", b"kept", retain=True)
        time.sleep(1.5)
    under.broker.kill()
    under.broker.restart()
    with client(under.port, under.version) as two:
        two.subscribe("probe/kept")
        return yes(two.hears(b"kept"))


def retain_as_published(under: Under) -> str:
    if under.version != V5:
        return "–"
    with client(under.port, V5) as one, client(under.port, V5) as two:
        two.subscribe("probe/kept", as_published=True)
        one.publish("probe/kept", b"kept", retain=True)
        return yes(two.hears(b"kept") and bool(two.heard[0].retain))


def properties_pass(under: Under) -> str:
    if under.version != V5:
        return "–"
    with client(under.port, V5) as one, client(under.port, V5) as two:
        two.subscribe("probe/typed")
        one.publish("probe/typed", b"typed", content_type="text/plain")
        heard = two.hears(b"typed")
        return yes(heard and getattr(two.heard[0].properties, "ContentType", "") == "text/plain")


def properties_spare_v311_subscribers(under: Under) -> str:
    if under.version != V5:
        return "–"
    with client(under.port, V5) as one, client(under.broker.tcp_port, V311) as old:
        old.subscribe("probe/typed")
        one.publish("probe/typed", b"typed", content_type="text/plain")
        heard = old.hears(b"typed")
        return yes(heard) if not old.lost else "**no, it cuts them off**"


def large_payload(under: Under) -> str:
    payload = bytes(200_000)
    with client(under.port, under.version) as one, client(under.port, under.version) as two:
        two.subscribe("probe/large")
        one.publish("probe/large", payload)
        return yes(two.hears(payload))


def acknowledged_per_second(under: Under) -> str:
    count = 2000
    with client(under.port, under.version) as one, client(under.port, under.version) as two:
        two.subscribe("probe/load")
        begun = time.monotonic()
        for number in range(count):
            one.paho.publish("probe/load", number.to_bytes(200, "big"), 1)
        arrived = wait(lambda: len(two.heard) >= count, 30.0)
        took_s = time.monotonic() - begun
        return f"{count / took_s:,.0f}" if arrived else f"**{len(two.heard)} of {count} arrived**"


QUESTIONS: tuple[tuple[str, Callable[[Under], str]], ...] = (
    ("connects over TCP", connects),
    ("the other version on the same port", other_version_on_the_same_port),
    ("WebSocket, subprotocol mqtt", websocket),
    ("retained message for a late subscriber", retained),
    ("empty payload clears it", empty_clears_retained),
    ("retained survives kill and restart", retained_survives_a_kill),
    ("will after a cut", will_after_a_cut),
    ("no will after DISCONNECT", no_will_after_a_goodbye),
    ("will waits its delay", will_waits_its_delay),
    ("return within the delay cancels the will", return_cancels_a_delayed_will),
    ("session keeps QoS 1 messages for an absent client", session_keeps_messages),
    ("retain as published", retain_as_published),
    ("properties reach MQTT 5 subscribers", properties_pass),
    ("properties spare 3.1.1 subscribers", properties_spare_v311_subscribers),
    ("payload of 200,000 bytes", large_payload),
    ("one publisher to one subscriber, messages/s, both paho", acknowledged_per_second),
)


def ask(kind: Literal["iotcore", "mosquitto"], version: int) -> list[str]:
    """The answers of one broker in one version, each from a fresh process."""
    answers: list[str] = []
    for text, question in QUESTIONS:
        v5_port = free_port() if kind == "iotcore" else None
        durable = question is not acknowledged_per_second
        with Broker(kind, v5_port=v5_port, durable=durable) as broker:
            broker.restart()
            answers.append(question(Under(broker, version)))
        print(f"{kind} {version}: {text}: {answers[-1]}", file=sys.stderr)
    return answers


def main() -> int:
    """Print the table in Markdown."""
    columns: list[tuple[str, list[str]]] = []
    for kind in installed_kinds():
        for version, name in ((V311, "3.1.1"), (V5, "5")):
            columns.append((f"{kind}, MQTT {name}", ask(kind, version)))
    print("| | " + " | ".join(name for name, _ in columns) + " |")
    print("|---" * (len(columns) + 1) + "|")
    for row, (text, _) in enumerate(QUESTIONS):
        print(f"| {text} | " + " | ".join(answers[row] for _, answers in columns) + " |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
