"""Programs for devices: signing what was built, and handing it over a device's own link."""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import hashlib
import queue
import secrets
import time
from collections.abc import Callable
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from viewkeeper.authority.asking import confirmed, opening
from viewkeeper.authority.commands import DONE, REFUSED, broker_of
from viewkeeper.authority.desk import Desk
from viewkeeper.authority.register import Camera, write_atomically
from viewkeeper.authority.sending import Broker, identify
from viewkeeper.protocol import cbor, cose
from viewkeeper.protocol.errors import Reason, RefusalError, SetupError
from viewkeeper.protocol.fields import pack, parse
from viewkeeper.protocol.records import Report, UpdateProgress, unseal
from viewkeeper.protocol.updates import (
    MAX_ENVELOPE_BYTES,
    Update,
    UpdatePiece,
    UpdateWant,
    seal_update,
    split,
)
from viewkeeper.protocol.vocabulary import Role

OFFER_AGAIN_S = 10.0
"""A device that is on trial, or away, does not answer."""


def contents_of(folder: Path) -> dict[str, bytes]:
    """The program's files by their path below ``folder``."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def update_sign(arguments: argparse.Namespace) -> int:
    """Sign a built program as a bundle."""
    contents = contents_of(arguments.folder)
    if not contents:
        raise SetupError(Reason.SETTING, f"{arguments.folder}: no program there: make device")
    desk = Desk(arguments.desk)
    persons = [held.entry.person for held in desk.keys_for(Role.UPDATE)]
    print(f"program {arguments.version} (number {arguments.counter}) for {arguments.target}")
    print(f"{len(contents)} files of {arguments.folder}; signed by {', '.join(persons)}")
    if not arguments.yes and not confirmed("sign this"):
        print("not signed")
        return REFUSED
    try:
        bundle = seal_update(
            contents,
            desk.signers_for(Role.UPDATE, opening(arguments)),
            target=arguments.target,
            version=arguments.version,
            counter=arguments.counter,
            issued_at=int(time.time()),
        )
    except RefusalError as error:
        raise SetupError(Reason.SETTING, error.hint) from error
    write_atomically(arguments.out, bundle)
    print(f"{arguments.out}: {len(bundle)} bytes")
    return DONE


def update_send(arguments: argparse.Namespace) -> int:
    """Hand a bundle to one device over MQTT and wait until it reports that program."""
    camera = Desk(arguments.desk).camera(arguments.camera)
    try:
        envelope, files = split(arguments.bundle.read_bytes())
        payload = cose.unverified_payload(envelope, max_bytes=MAX_ENVELOPE_BYTES)
        update = parse(Update, cbor.decode(payload))
    except FileNotFoundError as error:
        raise SetupError(Reason.FILE_MISSING, f"no such file: {arguments.bundle}") from error
    except (OSError, RefusalError) as error:
        raise SetupError(Reason.FILE_UNREADABLE, f"{arguments.bundle}: {error}") from error
    handing = Handing(broker_of(arguments), camera, envelope, files)
    try:
        reason = handing.run(update.version, time.monotonic() + arguments.timeout_s)
    finally:
        handing.close()
    if reason is not None:
        print(f"{camera.camera}: REFUSED ({reason})")
        return REFUSED
    print(f"{camera.camera}: runs {update.version}, by its own signed report")
    print("it is on trial until it has proved itself; the loader takes back one that does not")
    return DONE


def update_status(arguments: argparse.Namespace) -> int:
    """How far programs got, by the devices' own signed records that the broker retains."""
    cameras = Desk(arguments.desk).cameras()
    known = {camera.topics.update_progress: camera for camera in cameras}
    broker = broker_of(arguments)
    arrived: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()
    client = _client(broker, list(known), arrived)
    client.loop_start()
    deadline_s, told = time.monotonic() + arguments.wait_s, dict[str, str]()
    try:
        while (left_s := deadline_s - time.monotonic()) > 0 and len(told) < len(known):
            with contextlib.suppress(queue.Empty):
                topic, payload = arrived.get(timeout=left_s)
                camera = known[topic]
                told[camera.camera] = _stage_of(camera, payload)
    finally:
        client.disconnect()
        client.loop_stop()
    for camera in cameras:
        print(f"{camera.camera}: {told.get(camera.camera, 'says nothing of an update')}")
    return DONE


def _stage_of(camera: Camera, payload: bytes) -> str:
    try:
        record = unseal(payload, cose.lookup_in([camera.key]))
    except RefusalError as refusal:
        return f"what stands there is not its own: {refusal.reason.value}"
    body = record.body
    if not isinstance(body, UpdateProgress):
        return "what stands there is no word on an update"
    when = dt.datetime.fromtimestamp(record.header.utc_ms / 1000, dt.UTC)
    words = [body.stage.value, body.version or ""]
    words += [f"({body.reason})"] if body.reason else []
    words += [f"runs {body.running}"] if body.running else []
    return " ".join(word for word in words if word) + f", {when:%Y-%m-%d %H:%M} UTC"


def _client(
    broker: Broker,
    topics: list[str],
    arrived: queue.SimpleQueue[tuple[str, bytes]],
    ready: Callable[[], None] = lambda: None,
) -> mqtt.Client:
    """A client whose loop is to be started; ``ready`` is called once it has subscribed."""

    def on_connect(
        made: mqtt.Client, _data: object, _flags: object, reason: object, _props: object
    ) -> None:
        if not getattr(reason, "is_failure", False):
            made.subscribe([(topic, 1) for topic in topics])
            ready()

    client = mqtt.Client(
        CallbackAPIVersion.VERSION2,
        f"desk-{secrets.token_hex(6)}",
        protocol=MQTTProtocolVersion.MQTTv311,
    )
    identify(client, broker)
    client.on_connect = on_connect
    client.on_message = lambda _client, _data, arrival: arrived.put(
        (arrival.topic, bytes(arrival.payload))
    )
    try:
        client.connect(broker.host, broker.port, keepalive=30)
    except (OSError, ValueError) as error:
        raise SetupError(Reason.BROKER, f"{broker.host}:{broker.port}: {error}") from error
    return client


class Handing:
    """One program on its way to one device, which asks for the pieces it lacks.

    Raises:
        SetupError: ``broker`` where it cannot be reached.
    """

    def __init__(self, broker: Broker, camera: Camera, envelope: bytes, files: bytes) -> None:
        self._camera, self._envelope, self._files = camera, envelope, files
        self._digest = hashlib.sha256(envelope).digest()[:8]
        self._arrived: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()
        self._topics = camera.topics
        self.sent_bytes = 0
        topics = [self._topics.update_want, self._topics.report]
        self._client = _client(broker, topics, self._arrived, self._offer)
        self._client.loop_start()

    def run(self, version: str, deadline_s: float) -> str | None:
        """Serve until the device reports ``version``: ``None``; or its reason to refuse.

        ``given_up``: it started anew and reports another program.

        Raises:
            SetupError: ``broker``: it did not answer, or did not come back, in time.
        """
        offered_s, whole, boots = time.monotonic(), False, set[bytes]()
        while (now_s := time.monotonic()) < deadline_s:
            if not whole and now_s - offered_s >= OFFER_AGAIN_S:
                offered_s = now_s
                self._offer()
            try:
                topic, payload = self._arrived.get(timeout=0.5)
            except queue.Empty:
                continue
            if topic == self._topics.report:
                if (told := self._told(payload)) is None:
                    continue
                boot, program = told
                if whole and program == version:
                    return None
                if whole and boots and boot not in boots:
                    return "given_up"
                if not whole:
                    boots.add(boot)
                continue
            want = self._want_of(payload)
            if want is None:
                continue
            if want.reason is not None:
                return want.reason
            offered_s = now_s
            if want.length:
                self._answer(want)
            elif not whole:
                whole = True
                print(f"{self._camera.camera}: has all {len(self._files)} bytes and tries them")
        word = "has it and did not report it" if whole else "did not fetch it"
        raise SetupError(Reason.BROKER, f"{self._camera.camera} {word} in time; send it again")

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _offer(self) -> None:
        self._client.publish(self._topics.update_offer, self._envelope, qos=1)

    def _answer(self, want: UpdateWant) -> None:
        data = self._files[want.offset : want.offset + want.length]
        if data:
            piece = UpdatePiece(digest=self._digest, offset=want.offset, data=data)
            self._client.publish(self._topics.update_piece, cbor.encode(pack(piece)), qos=1)
            self.sent_bytes += len(data)

    def _want_of(self, payload: bytes) -> UpdateWant | None:
        try:
            want = parse(UpdateWant, cbor.decode(payload))
        except RefusalError:
            return None
        return want if want.digest == self._digest else None

    def _told(self, payload: bytes) -> tuple[bytes, str | None] | None:
        """(boot, program) of a signed report."""
        try:
            record = unseal(payload, cose.lookup_in([self._camera.key]))
        except RefusalError:
            return None
        if not isinstance(record.body, Report):
            return None
        return record.header.boot, record.body.program
