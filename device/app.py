"""The device's one composition root: key, enrolment, registration, and the loop.

Camera, clock and storage come from ``device/hal``; every decision is ``device/core``'s.
"""

import asyncio
import json
from binascii import hexlify, unhexlify

from device.core import ed25519
from device.core.desk import Desk, enrol
from device.core.errors import Refusal
from device.core.flags import Guard
from device.core.sealing import EVENT, VERDICT, Sealer
from device.core.view import View, ViewError
from device.net.mqtt import Client, Settings
from device.net.outbox import Outbox
from device.statement import alarms_of, mirror_of, report_of

ORDERS = {"config/desired": 1, "keyset": 2, "grant": 3, "lifecycle": 5}
COMMAND = 4
KEY_FILE, REGISTER_FRAMES = "device.key", 5


def load_key(board):
    """The device key's seed; made here at first, and it never leaves."""
    seed = board.files.read(KEY_FILE)
    if seed is None:
        seed = board.random(32)
        board.files.write(KEY_FILE, seed)
    return seed


def command(board, settings, words):
    """``key``, ``enrol FILE``, ``register`` or ``run``; what to print."""
    verb = words[0] if words else "run"
    seed = load_key(board)
    if verb == "key":
        return hexlify(ed25519.public_key(seed)).decode()
    if verb == "enrol" and len(words) == 2:
        with open(words[1], "rb") as file:
            enrol(board.files, file.read(), seed)
        return "enrolled"
    if verb == "register":
        return asyncio.run(register(board, settings))
    if verb == "run":
        return asyncio.run(Device(board, settings, seed).run())
    raise Refusal("setting", "say key, enrol FILE, register or run")


async def register(board, settings):
    """Keep the mean of some pictures as a view; its hash, for the signed configuration."""
    total = None
    for _ in range(REGISTER_FRAMES):
        grey = await board.camera.grey()
        total = list(grey) if total is None else [a + b for a, b in zip(total, grey)]
        await asyncio.sleep(0.2)
    mean = bytes((value + REGISTER_FRAMES // 2) // REGISTER_FRAMES for value in total)
    view = View(board.camera.size[0], board.camera.size[1], settings["hfov_mdeg"], mean)
    name = hexlify(view.digest).decode()
    board.files.write(name + ".view", view.to_bytes())
    return name


class Device:
    """A device at work.

    Raises:
        Refusal: not enrolled, or what was kept was tampered with.
    """

    def __init__(self, board, settings, seed):
        self._board, self._clock = board, board.clock
        views = {unhexlify(name[:64]) for name in board.files.names(".view")}
        self._desk = Desk(board.files, views, board.random)
        self._sealer = Sealer(self._desk.device, board.random(8), seed)
        self._base = "viewkeeper/v1/%s/%s/" % (self._desk.site, self._desk.device)
        self._outbox, self._guard = Outbox(), Guard()
        self._view = self._view_hash = None
        self._reported, self._report_ms, self._alarms, self._frames = None, 0, {}, 0
        broker = settings["broker"]
        self._client = Client(
            Settings(
                broker["host"],
                broker["port"],
                self._desk.device,
                (self._base + "status", b"offline"),
                [self._base + topic for topic in ORDERS] + [self._base + "command/+"],
                tls=_tls(broker),
                user=broker.get("user"),
                password=broker.get("password"),
                keepalive_s=broker.get("keepalive_s", 60),
                retry_first_s=broker.get("retry_first_s", 1.0),
                retry_most_s=broker.get("retry_most_s", 300.0),
            ),
            self._outbox,
            self._on_order,
            self._on_large,
            self._on_connected,
            self._clock.ticks_ms,
            self._clock.ticks_diff,
            board.random_share,
        )

    async def run(self):
        """Until the power goes."""
        link = asyncio.create_task(self._client.run())
        try:
            while True:
                started = self._clock.ticks_ms()
                standing = self._desk.standing()
                await self._check(standing["config"])
                self._say()
                config = standing["config"]
                period_ms = config["check_period_ms"] if config else 1000
                spent = self._clock.ticks_diff(self._clock.ticks_ms(), started)
                # Never without a breath: the link shares this processor.
                await asyncio.sleep(max(20, period_ms - spent) / 1000)
        finally:
            link.cancel()

    async def _check(self, config):
        """Look once."""
        now = self._clock.now()
        wanted = config.get("view_hash") if config else None
        if wanted != self._view_hash:
            self._view, self._guard = _load(self._board.files, wanted), Guard()
            self._view_hash = wanted
        if self._view is None:
            return self._guard.blind("not_registered", now.utc_ms)
        try:
            grey = await self._board.camera.grey()
        except Exception as error:  # whatever the driver raises: no picture
            print("camera:", error)
            return self._guard.blind("signal_lost", now.utc_ms)
        self._frames += 1
        found = self._view.compare(grey)
        for flag in self._guard.step(found, config["tolerance"], now.utc_ms):
            sealed = self._sealer.seal(EVENT, flag, now)
            self._keep("event/" + flag["event"], sealed)

    def _say(self):
        """Report when it is due or when the verdict changed; alarms as they come and go."""
        now, standing = self._clock.now(), self._desk.standing()
        config = standing["config"]
        period_ms = 1000 * (config["report_period_s"] if config else 60)
        word = (self._guard.verdict, self._guard.cause, standing["ledger_size"])
        if word == self._reported and now.mono_ms - self._report_ms < period_ms:
            return
        self._reported, self._report_ms = word, now.mono_ms
        self._desk.tick(now)
        health = {
            "frame_rate_mhz": min(1_000_000, self._frames * 1_000_000 // (now.mono_ms + 1)),
            "storage_free_permille": self._board.files.free_permille(),
            "uptime_s": now.mono_ms // 1000,
            "findings": [],
        }
        report = report_of(self._guard, standing, health)
        self._latest("report", self._sealer.seal(1, report, now))
        mirror = mirror_of(self._desk.device, self._desk.site, report, now)
        self._latest("state", json.dumps(mirror).encode())
        self._latest("checkpoint", self._sealer.seal_checkpoint(self._desk.checkpoint(now)))
        standing_alarms = alarms_of(report, now, self._desk.store_fault)
        for name in self._alarms:
            if name not in standing_alarms:
                self._latest("alarm/" + name, b"")
        for name, alarm in standing_alarms.items():
            if self._alarms.get(name) != alarm["detail"]:
                self._latest("alarm/" + name, self._sealer.seal(3, alarm, now))
        self._alarms = {name: alarm["detail"] for name, alarm in standing_alarms.items()}

    def _latest(self, topic, payload):
        self._outbox.put_latest(self._base + topic, payload)
        self._client.wake()

    def _keep(self, topic, payload, retain=False):
        late, sequence = self._base + "history", self._sealer.sequence
        self._outbox.put_kept(self._base + topic, payload, late, sequence, retain)
        self._client.wake()

    def _on_connected(self):
        # The wish of the broker's next birth: what stands must stand there too.
        self._latest("status", b"online")
        self._reported = None
        loss = self._outbox.take_loss()
        if loss:
            gap = {"lost": loss[0], "first_sequence": loss[1], "last_sequence": loss[2]}
            self._keep("history", self._sealer.seal(5, gap, self._clock.now()))

    def _on_order(self, topic, payload, retained):
        kind = self._kind(topic)
        if not len(payload) and kind == 1:
            return  # somebody cleared what stood retained
        verdict = self._desk.receive(payload, kind, retained, self._clock.now())
        self._answer(kind, verdict)

    def _on_large(self, topic, digest, _retained):
        kind = self._kind(topic)
        self._answer(kind, self._desk.refuse_large(digest, kind, self._clock.now()))

    def _kind(self, topic):
        return ORDERS.get(topic[len(self._base) :], COMMAND)

    def _answer(self, kind, verdict):
        sealed = self._sealer.seal(VERDICT, verdict, self._clock.now())
        self._keep("config/applied" if kind == 1 else "reply", sealed, retain=kind == 1)


def _load(files, digest):
    data = digest and files.read(hexlify(digest).decode() + ".view")
    try:
        return View.from_bytes(data) if data else None
    except ViewError:
        return None


def _tls(broker):
    if not broker.get("ca"):
        return None
    from device.net.secure import client_context

    return lambda: client_context(broker["ca"], broker.get("cert"), broker.get("key"))
