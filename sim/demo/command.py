"""``viewkeeper-sim demo``: tells the story on the terminal while the dashboard shows it."""

from __future__ import annotations

import argparse
import contextlib
import json
import locale
import os
import signal
import tempfile
import time
from pathlib import Path

from viewkeeper.dashboard.recorder.metrics import PATH
from viewkeeper.dashboard.register import load_register
from viewkeeper.dashboard.server import start as start_dashboard
from viewkeeper.protocol.errors import ViewkeeperError
from viewkeeper.protocol.vocabulary import Role
from viewkeeper.sim.broker import Broker
from viewkeeper.sim.demo.device import find_micropython
from viewkeeper.sim.demo.play import Play, StoryError
from viewkeeper.sim.demo.recording import DemoRecorder, counters
from viewkeeper.sim.demo.story import STORY, Text
from viewkeeper.sim.demo.world import World
from viewkeeper.sim.stage import Scene

EXIT_FAILED = 1

_SETTING_UP = Text(
    "Setting up broker, signing desk and camera", "正在准备消息服务器、签名台与摄像机"
)
_DASHBOARD = Text("Dashboard", "仪表盘")
_BROKER = Text("Broker", "消息服务器")
_RECORDER = Text("Recorder", "记录器")
_DONE = Text(
    "The story is told and every outcome was as promised.", "故事讲完,所有结果均符合承诺。"
)
_STAYS = Text(
    "Everything keeps running; look at the dashboard. Ctrl-C ends it.",
    "系统继续运行,请查看仪表盘;按 Ctrl-C 结束。",
)
_PAUSE_S = 4.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own arguments."""
    parser.add_argument("--once", action="store_true", help="tell the story, check it, end")
    parser.add_argument(
        "--broker",
        choices=("auto", "mosquitto", "iotcore"),
        default="auto",
        help="which embedded broker (auto: mosquitto where installed, else iotcore)",
    )
    parser.add_argument(
        "--port", type=int, default=0, metavar="N", help="of the dashboard (default: a free one)"
    )
    parser.add_argument("--panorama", metavar="FILE", help="look at this panorama, not the street")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="keep everything here")
    parser.add_argument("--lang", choices=("en", "zh"), help="default: by the locale")


def run(arguments: argparse.Namespace) -> int:
    """Tell the story; 0 when every outcome was as promised, 1 when one was not."""
    language = arguments.lang or _language()
    signal.signal(signal.SIGTERM, _interrupt)
    with contextlib.ExitStack() as stack:
        folder = arguments.folder or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="viewkeeper-demo-"))
        )
        folder.mkdir(parents=True, exist_ok=True)
        _say(f"{_SETTING_UP.of(language)} …")
        started = time.monotonic()
        broker = stack.enter_context(Broker.start(arguments.broker))
        world = stack.enter_context(World(folder, broker))
        camera = world.add_camera(
            "cam-0001",
            "Street corner",
            "街角",
            Scene(panorama=str(Path(arguments.panorama).resolve())) if arguments.panorama else None,
        )
        device = None
        if find_micropython() is not None:
            device = world.add_device("dev-0001", "Back gate (MicroPython)", "后门(MicroPython)")
        register = folder / "register.json"
        known = {
            "cameras": world.desk.register(),
            "signers": world.desk.people(Role.CONFIGURATION),
        }
        register.write_text(json.dumps(known), encoding="utf-8")
        cameras = load_register(register)
        recorder = stack.enter_context(
            contextlib.closing(DemoRecorder.start(folder, cameras, broker))
        )
        dashboard = stack.enter_context(
            contextlib.closing(
                start_dashboard(
                    cameras,
                    broker.ws_url,
                    port=arguments.port,
                    api=recorder.api,
                    metrics=recorder.metrics,
                )
            )
        )
        _say(f"{_DASHBOARD.of(language)}: {dashboard.url}")
        _say(f"{_BROKER.of(language)}: {broker.kind}, {broker.host}:{broker.tcp_port}\n")
        failed = _tell(Play(world, camera, device=device), language, slowly=not arguments.once)
        failed = failed or _show_counters(dashboard.url, language)
        outcome = _DONE.of(language) if failed is None else failed
        _say(f"\n{outcome} ({time.monotonic() - started:.0f} s)")
        if failed is not None:
            _say(f"agent's log: {_tail(camera.log)}")
            if device is not None:
                _say(f"device's log: {_tail(device.log)}")
            return EXIT_FAILED
        if not arguments.once:
            _say(_STAYS.of(language))
            while True:
                time.sleep(3600)
    return 0


def _tell(play: Play, language: str, *, slowly: bool) -> str | None:
    """Play every chapter; ``None``, or what went otherwise than promised."""
    for number, chapter in enumerate(STORY, 1):
        _say(f"{number}/{len(STORY)} {chapter.says.of(language)}")
        try:
            _say(f"    → {chapter.play(play)}")
        except (StoryError, ViewkeeperError) as error:
            return f"FAILED: {error}"
        if slowly:
            time.sleep(_PAUSE_S)
    return None


def _show_counters(url: str, language: str) -> str | None:
    """Say what the recorder counted; ``None``, or what is wrong with it."""
    try:
        told = ", ".join(f"{name} {number}" for name, number in counters(url).items())
    except (StoryError, OSError) as error:
        return f"FAILED: {error}"
    _say(f"{_RECORDER.of(language)}: {told} ({url.rstrip('/')}{PATH})")
    return None


def _tail(path: Path, lines: int = 15) -> str:
    try:
        return "\n" + "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return "none"


def _language() -> str:
    with contextlib.suppress(locale.Error):
        locale.setlocale(locale.LC_CTYPE, "")
    name = os.environ.get("LC_ALL") or os.environ.get("LANG") or ""
    return "zh" if name.lower().startswith("zh") else "en"


def _say(text: str) -> None:
    print(text, flush=True)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
