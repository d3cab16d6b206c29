"""The demo's story: what is done to a camera, and what must be seen of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from viewkeeper.protocol.records import Event
from viewkeeper.protocol.vocabulary import (
    AlarmKind,
    EventKind,
    LifecycleState,
    LitState,
    ViewCause,
    ViewVerdict,
)
from viewkeeper.sim.demo import guarding, guarding_device
from viewkeeper.sim.demo.observer import Seen
from viewkeeper.sim.demo.play import Play, must, told
from viewkeeper.sim.signage import LampFault


@dataclass(frozen=True, slots=True)
class Text:
    """A line in both languages."""

    en: str
    zh: str

    def of(self, language: str) -> str:
        return self.zh if language == "zh" else self.en


@dataclass(frozen=True, slots=True)
class Chapter:
    """One thing that happens; ``play`` returns what was seen, or raises StoryError."""

    says: Text
    play: Callable[[Play], str]


def register(play: Play) -> str:
    play.view_hash = play.world.register_view(play.camera)
    play.camera.start()
    must(
        play.sees(lambda seen: seen.status == "online" and seen.report is not None),
        "the agent does not come online",
    )
    return f"view {play.view_hash.hex()[:16]}…"


def accept(play: Play) -> str:
    world, camera = play.world, play.camera
    steps = [
        world.order(camera, world.configuration(play.view_hash)),
        world.step(camera, LifecycleState.REGISTERED, "DEMO-REG-1"),
        world.step(camera, LifecycleState.ACCEPTED, "DEMO-ACC-1", passed=True),
        world.step(camera, LifecycleState.IN_USE, "DEMO-USE-1"),
    ]
    answers = [told(step) for step in steps]
    must(answers == ["accepted"] * 4, f"the camera answered {', '.join(answers)}")
    must(play.sees(_verdict_is(ViewVerdict.SAME)), "the view is not found to be the same")
    return _numbers(play)


def _knock(play: Play) -> str:
    play.camera.stage.knock(pan_deg=3.0)

    def right(seen: Seen) -> bool:
        move = None if seen.report is None else seen.report.view.move
        return (
            _verdict_is(ViewVerdict.MOVED)(seen)
            and move is not None
            and abs(move.pan_mdeg - 3000) <= 100
            and AlarmKind.VIEW_MOVED.value in seen.alarms
            and any(event.event is EventKind.CAMERA_STRUCK for event in seen.events)
        )

    must(play.sees(right), "a knock of 3° is not reported as such")
    return _numbers(play)


def _straighten(play: Play) -> str:
    play.camera.stage.straighten()

    def right(seen: Seen) -> bool:
        same = _verdict_is(ViewVerdict.SAME)(seen)
        return same and AlarmKind.VIEW_MOVED.value not in seen.alarms

    must(play.sees(right), "the view is back, and this is not seen")
    return _numbers(play)


def _cover(play: Play) -> str:
    play.camera.stage.cover()

    def right(seen: Seen) -> bool:
        view = None if seen.report is None else seen.report.view
        return (
            view is not None
            and view.verdict is ViewVerdict.CANNOT_TELL
            and view.cause is ViewCause.COVERED
            and any(event.event is EventKind.CAMERA_COVERED for event in seen.events)
        )

    must(play.sees(right), "the cover is not seen")
    play.camera.stage.uncover()
    must(play.sees(_verdict_is(ViewVerdict.SAME)), "the view does not come back")
    must(play.sees(_ended(EventKind.CAMERA_COVERED)), "the end of the cover is not flagged")
    return "cannot_tell (covered), then same"


def _dark_sign(play: Play) -> str:
    play.camera.stage.lamp(LampFault.DARK)

    def dark(seen: Seen) -> bool:
        lit = None if seen.report is None else seen.report.signage.lit
        return lit is LitState.UNLIT and AlarmKind.SIGN_FAULT.value in seen.alarms

    must(play.sees(dark), "the dark sign is not seen")
    play.camera.stage.lamp()
    must(
        play.sees(lambda seen: AlarmKind.SIGN_FAULT.value not in seen.alarms),
        "the mended sign is not seen",
    )
    return "unlit with an alarm, then lit"


def _unsigned(play: Play) -> str:
    world, camera = play.world, play.camera
    wide = world.configuration(play.view_hash, tolerance_deg=40.0)
    order = world.desk.draft(camera.name, wide, now_s=int(time.time()))
    before = _config_hash(play)
    answers = [
        told(world.send(camera, order.encode())),
        told(world.send(camera, world.stranger_signs(camera, wide))),
        told(world.send(camera, _flipped(world.signed(camera, wide)))),
    ]
    must(answers == ["unsigned", "unknown_key", "bad_signature"], f"answers: {', '.join(answers)}")
    bath = world.configuration(play.view_hash, codes=("A1", "X2"))
    forbidden = told(world.order(camera, bath))
    must(forbidden == "prohibited_place", f"a bath house: {forbidden}")
    must(_config_hash(play) == before, "the running configuration changed")
    return f"refused: {', '.join([*answers, forbidden])}"


def _signed(play: Play) -> str:
    world, camera = play.world, play.camera
    before = _config_hash(play)
    sent = world.order(camera, world.configuration(play.view_hash, tolerance_deg=1.5))
    must(told(sent) == "accepted", f"the camera answered {told(sent)}")
    must(
        play.sees(lambda seen: seen.report is not None and seen.report.config_hash != before),
        "the report does not name the new configuration",
    )
    again = world.send(camera, sent.message)
    must(told(again) in ("accepted", "already_applied"), "a redelivery is not idempotent")
    return f"accepted; redelivered: {told(again)}"


def _outage(play: Play) -> str:
    broker = play.world.broker
    broker.kill()
    time.sleep(2.0)
    play.camera.stage.knock(tilt_deg=-4.0)
    time.sleep(8.0)
    play.camera.stage.straighten()
    # A backend keeps its session; this observer has none, so it must be back first.
    with play.camera.held():
        broker.restart()
        must(play.world.observer.wait_connected(), "the broker does not come back")

    def replayed(seen: Seen) -> bool:
        return any(
            isinstance(record.body, Event) and record.body.event is EventKind.CAMERA_MOVED
            for record in seen.history
        )

    must(play.sees(replayed), "what happened meanwhile does not come through history")
    must(play.sees(lambda seen: seen.status == "online"), "the camera does not come back")
    must(play.sees(_verdict_is(ViewVerdict.SAME)), "the view does not come back")
    count = len(play.world.observer.seen(play.camera.name).history)
    return f"{count} records came through history, in order"


def _verdict_is(verdict: ViewVerdict) -> Callable[[Seen], bool]:
    return lambda seen: seen.report is not None and seen.report.view.verdict is verdict


def _ended(kind: EventKind) -> Callable[[Seen], bool]:
    return lambda seen: any(
        event.event is kind and event.ended_ms is not None for event in seen.events
    )


def _config_hash(play: Play) -> bytes | None:
    report = play.world.observer.seen(play.camera.name).report
    return None if report is None else report.config_hash


def _flipped(message: bytes) -> bytes:
    return message[:-1] + bytes((message[-1] ^ 1,))


def _numbers(play: Play) -> str:
    report = play.world.observer.seen(play.camera.name).report
    if report is None or report.view.move is None:
        return "no numbers yet"
    view, move = report.view, report.view.move
    return (
        f"{view.verdict.value}: pan {move.pan_mdeg / 1000:+.2f}° ± "
        f"{move.pan_error_mdeg / 1000:.2f}, tilt {move.tilt_mdeg / 1000:+.2f}°, "
        f"roll {move.roll_mdeg / 1000:+.2f}°, zoom {move.zoom_ppm / 1e6:.3f}"
    )


STORY: tuple[Chapter, ...] = (
    Chapter(
        Text(
            "The view is registered on the camera; the agent starts.",
            "在摄像机上登记视域,启动代理。",
        ),
        register,
    ),
    Chapter(
        Text(
            "A signed configuration and the steps registered, accepted, in use.",
            "下发已签名配置,依次登记、验收、投入使用。",
        ),
        accept,
    ),
    Chapter(
        Text(
            "A MicroPython device beside it: enrolled, refuses a forged order, is tilted by 4°.",
            "旁边的 MicroPython 设备:注册、拒绝伪造指令、被碰斜 4°。",
        ),
        guarding_device.beside,
    ),
    Chapter(Text("Somebody knocks the camera by 3°.", "有人把摄像机碰偏 3°。"), _knock),
    Chapter(Text("It is put back.", "摄像机被扶正。"), _straighten),
    Chapter(
        Text("A bag is pulled over the lens, then taken off.", "镜头被罩住,随后取下。"), _cover
    ),
    Chapter(
        Text("The sign's lamp goes dark, then is mended.", "标识灯熄灭,随后修复。"), _dark_sign
    ),
    Chapter(
        Text(
            "People walk into a zone; the operator reports it by a signed order.",
            "有人进入布防区域;运营者以签名指令记录已报告。",
        ),
        guarding.intruder,
    ),
    Chapter(
        Text("Leaves grow over the sign, then are cut.", "标识牌被枝叶遮挡,随后清理。"),
        guarding.hidden_sign,
    ),
    Chapter(
        Text(
            "Configurations arrive unsigned, from a stranger, altered, and for a bath house.",
            "收到未签名、陌生人签名、被篡改以及针对公共浴室的配置。",
        ),
        _unsigned,
    ),
    Chapter(Text("A signed configuration arrives, twice.", "收到已签名配置,且重复送达。"), _signed),
    Chapter(
        Text(
            "The broker goes away, the camera is struck meanwhile, the broker returns.",
            "消息服务器中断,其间摄像机被撞,服务器恢复。",
        ),
        _outage,
    ),
)
