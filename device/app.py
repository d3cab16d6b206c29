"""The device's one composition root: the desk, the link, the watch, and who watches them.

Camera, sensors, clock and storage come from ``device/hal``; every decision is ``device/core``'s.
"""

import asyncio
import json
from binascii import unhexlify

from device.commands import STARTS_FILE
from device.core import supervisor
from device.core.desk import Desk
from device.core.receipt import places_of
from device.core.sealing import ALARM, EVENT, GAP, REPORT, UPDATE, VERDICT, Sealer
from device.net.mqtt import Client, Settings
from device.net.outbox import RESEND_MS, Outbox
from device.statement import alarms_of, health_of, mirror_of, report_of
from device.store.spool import MAX_BYTES, Spool
from device.updates import OFFER, PIECE, Updates
from device.watch import Watch

ORDERS = {"config/desired": 1, "keyset": 2, "grant": 3, "lifecycle": 5}
COMMAND, WITNESS, RECEIPT = 4, "witness", "receipt"
KEEPALIVE_S = 90
FEED_S = 1.0
SAFE_RETRY_MS = 3_600_000  # whatever crashed may have been the weather of that hour
GRACE_MS = 60_000


class Device:
    """A device at work.

    Raises:
        Refusal: not enrolled, or what was kept was tampered with.
    """

    def __init__(self, board, settings, seed):
        # First of all: whatever below ends in a crash has been counted.
        starts, kept = supervisor.started(board.files.read(STARTS_FILE))
        board.files.write(STARTS_FILE, kept)
        self.safe_mode = supervisor.is_safe_mode(starts)
        self._board, self._clock = board, board.clock
        names = board.files.names(".view") + board.files.names(".mount")
        views = {unhexlify(name[:64]) for name in names}
        self._desk = Desk(board.files, views, board.random)
        self._config = self._desk.standing()["config"]
        boot = board.random(8)
        self._sealer = Sealer(self._desk.device, boot, seed)
        self._base = "viewkeeper/v1/%s/%s/" % (self._desk.site, self._desk.device)
        broker = settings["broker"]
        receipts = broker.get("receipts", True)
        most = 1024 * settings.get("outbox_kib", MAX_BYTES // 1024)
        spool = Spool(board.files, boot, most, receipts)
        self._late = self._base + "history"
        self._outbox = Outbox(
            spool=spool,
            late_topic=self._late,
            boot=boot if receipts else None,
            resend_ms=round(1000 * broker.get("resend_s", RESEND_MS / 1000)),
        )
        self._watch = Watch(board, lambda: self._config, self._flag, self._tick)
        self._beside = _beside(board, settings, self._desk.device, seed, self._watch)
        # A board without a network of its own reaches its broker through the camera.
        opening = self._beside.tunnel.open if self._beside and "wifi" not in settings else None
        self._reported, self._report_ms, self._alarms = None, 0, {}
        self._well_ms = round(1000 * settings.get("well_after_s", supervisor.WELL_MS / 1000))
        self._program = self._updates = self._stage = None
        if board.programs is not None:
            self._program = board.programs.running()
            if board.programs.given_up():
                self._note("a program did not prove itself: the one before it runs")
                self._stage = ("taken_back", None, "given_up")
            elif board.programs.on_trial:
                self._stage = ("started", self._program)
            self._updates = Updates(
                board.programs,
                lambda: self._desk.trust,
                lambda topic, word: self._latest(topic, word, False),
                self._note,
                self._progress,
            )
        self._mended = False
        # What comes down beside orders.
        self._heard = {self._base + WITNESS: self._desk.witness}
        if receipts:
            self._heard[self._base + RECEIPT] = lambda told: self._outbox.confirm(places_of(told))
        if self._updates:
            take = self._updates
            self._heard[self._base + OFFER] = lambda told: take.on_offer(told, self._clock.now())
            self._heard[self._base + PIECE] = lambda told: take.on_piece(told, self._clock.now())
        retry_most_s = broker.get("retry_most_s", 300.0)
        keepalive_s = broker.get("keepalive_s", KEEPALIVE_S)
        self._link_bound_ms = round(1000 * (retry_most_s + 3 * keepalive_s))
        self._client = Client(
            Settings(
                broker.get("host"),
                broker.get("port"),
                self._desk.device,
                (self._base + "status", b"offline"),
                [self._base + topic for topic in ORDERS]
                + [self._base + "command/+"]
                + list(self._heard),
                tls=_tls(broker),
                user=broker.get("user"),
                password=broker.get("password"),
                keepalive_s=keepalive_s,
                retry_first_s=broker.get("retry_first_s", 1.0),
                retry_most_s=retry_most_s,
                replay_per_s=broker.get("replay_per_s", 5),
                opening=opening,
            ),
            self._outbox,
            self._on_order,
            self._on_large,
            self._on_connected,
            self._clock.ticks_ms,
            self._clock.ticks_diff,
            board.random_share,
            lambda: self._tick("link"),
        )

    async def run(self):
        """Until the power goes, or a task ends as none should: then that task's error."""
        work = {"link": self._client.run, "say": self._speak}
        join = getattr(self._board, "join", None)  # boards that keep a network themselves
        if join is not None:
            work["join"] = join
        if self._beside:
            work.update(self._beside.tasks)
        bounds = {"link": self._link_bound_ms + GRACE_MS, "say": GRACE_MS}
        if not self.safe_mode:
            for name, task in self._watch.tasks.items():
                work[name] = task
                bounds[name] = 3 * self._period_ms() + GRACE_MS
        now_ms = self._clock.now().mono_ms
        self._supervisor = supervisor.Supervisor(bounds, now_ms, self._well_ms)
        tasks = [asyncio.create_task(one()) for one in work.values()]
        try:
            await asyncio.gather(self._supervise(), *tasks)
        finally:
            for task in tasks:
                task.cancel()

    async def _supervise(self):
        well = False
        while True:
            now_ms = self._clock.now().mono_ms
            if self._supervisor.may_feed(now_ms):
                self._board.feed()
            else:
                print("late:", ", ".join(self._supervisor.late(now_ms)))
            if self.safe_mode and (self._mended or now_ms > SAFE_RETRY_MS):
                self._restart()
            elif self._updates and self._updates.wants_restart(now_ms):
                self._restart()  # what crashed so far was another program
            elif not self.safe_mode and not well and self._supervisor.is_well(now_ms):
                well = True
                self._board.files.write(STARTS_FILE, supervisor.WELL)
                proved = self._board.programs and self._board.programs.prove()
                if proved:
                    self._note("program %s has proved itself" % proved)
                    self._progress("proved", proved)
            await asyncio.sleep(FEED_S)

    def _restart(self):
        self._board.files.write(STARTS_FILE, supervisor.WELL)
        if self._beside:
            self._beside.restarting()
        self._board.restart()

    def _progress(self, stage, version, reason=None):
        told = {"stage": stage, "version": version, "reason": reason, "running": self._program}
        sealed = self._sealer.seal(UPDATE, told, self._clock.now())
        self._keep("update/progress", sealed, retain=True)

    def _note(self, text):
        self._desk.note("note", {"text": text}, self._clock.now())

    def _tick(self, name):
        self._supervisor.tick(name, self._clock.now().mono_ms)

    def _period_ms(self):
        return self._config["check_period_ms"] if self._config else 1000

    async def _speak(self):
        """The reports' loop, as often as the device looks."""
        while True:
            self._say()
            now = self._clock.now()
            self._outbox.settle(now.mono_ms)
            if self._updates:
                self._updates.turn(now)
            self._tick("say")
            await asyncio.sleep(min(self._period_ms(), 1000) / 1000)

    def _say(self):
        """Report when it is due or when a verdict changed; alarms as they come and go."""
        now, standing, watch = self._clock.now(), self._desk.standing(), self._watch
        config = self._config = standing["config"]
        period_ms = 1000 * (config["report_period_s"] if config else 60)
        mount = watch.mount.report() if watch.mount is not None else None
        word = [watch.guard.verdict, watch.guard.cause, standing["ledger_size"]]
        word += [watch.signage["state"], watch.signage["lit"]]
        word += [mount.get(name) for name in ("verdict", "cause", "case")] if mount else []
        if word == self._reported and now.mono_ms - self._report_ms < period_ms:
            return
        self._reported, self._report_ms = word, now.mono_ms
        self._desk.tick(now)
        health = health_of(watch.frames, self._board.files.free_permille(), mount, now)
        report = report_of(watch.guard, standing, health, watch.signage, mount)
        lit_required = bool(config and config["sign"]["lit_required"])
        standing_alarms = alarms_of(report, now, self._desk.fault, lit_required, self.safe_mode)
        self._raise(standing_alarms, now)
        report["alarms"], report["program"] = list(self._alarms), self._program
        self._latest("report", self._sealer.seal(REPORT, report, now))
        mirror = mirror_of(self._desk.device, self._desk.site, report, now)
        self._latest("state", json.dumps(mirror).encode())
        self._latest("checkpoint", self._sealer.seal_checkpoint(self._desk.checkpoint(now)))

    def _raise(self, wanted, now):
        """Alarms that begin, and the signed end of those that are over."""
        for name in [name for name in self._alarms if name not in wanted]:
            ended = self._alarms.pop(name)
            ended["ended_ms"] = now.utc_ms
            self._keep("alarm/" + name, self._sealer.seal(ALARM, ended, now))
            self._latest("alarm/" + name, b"")
        for name, alarm in wanted.items():
            if name not in self._alarms:
                self._alarms[name] = alarm
                put = self._latest if self._client.connected else self._keep
                put("alarm/" + name, self._sealer.seal(ALARM, alarm, now))

    def _flag(self, flag):
        sealed = self._sealer.seal(EVENT, flag, self._clock.now())
        self._keep("event/" + flag["event"], sealed)

    def _latest(self, topic, payload, retain=True):
        self._outbox.put_latest(self._base + topic, payload, retain)
        self._client.wake()

    def _keep(self, topic, payload, retain=False):
        sequence = self._sealer.sequence
        self._outbox.put_kept(self._base + topic, payload, self._late, sequence, retain)
        self._outbox.settle(self._clock.now().mono_ms)
        self._client.wake()

    def _on_connected(self):
        if self._stage:  # kept for a connection, so that it stands retained
            stage, self._stage = self._stage, None
            self._progress(*stage)
        if self._updates and self._client.connects == 1:
            self._updates.resume(self._clock.now())
        # The wish of the broker's next birth: what stands must stand there too.
        self._latest("status", b"online")
        self._reported = None
        now = self._clock.now()
        for name, alarm in self._alarms.items():
            self._latest("alarm/" + name, self._sealer.seal(ALARM, alarm, now))
        losses = self._outbox.losses
        for boot, first, last, lost, unconfirmed in losses:
            gap = {"lost": lost, "first_sequence": first, "last_sequence": last, "boot": boot}
            gap["unconfirmed"] = unconfirmed or None
            self._keep("history", self._sealer.seal(GAP, gap, now))
        if losses:
            self._outbox.forget_losses()

    def _on_order(self, topic, payload, retained):
        if topic in self._heard:
            return self._heard[topic](payload)
        kind = self._kind(topic)
        if not len(payload) and kind == 1:
            return  # somebody cleared what stood retained
        verdict = self._desk.receive(payload, kind, retained, self._clock.now())
        self._config = self._desk.standing()["config"]
        self._mended = self._mended or verdict["reason"] == "accepted"
        self._answer(kind, verdict)

    def _on_large(self, topic, digest, _retained):
        if topic not in self._heard:
            kind = self._kind(topic)
            self._answer(kind, self._desk.refuse_large(digest, kind, self._clock.now()))

    def _kind(self, topic):
        return ORDERS.get(topic[len(self._base) :], COMMAND)

    def _answer(self, kind, verdict):
        sealed = self._sealer.seal(VERDICT, verdict, self._clock.now())
        self._keep("config/applied" if kind == 1 else "reply", sealed, retain=kind == 1)


def _beside(board, settings, device, seed, watch):
    if "line" not in settings:
        return None
    from device.beside import Beside

    return Beside(board, settings["line"], device, seed, watch)


def _tls(broker):
    if not broker.get("ca"):
        return None
    from device.net.secure import client_context

    return lambda: client_context(broker["ca"], broker.get("cert"), broker.get("key"))
