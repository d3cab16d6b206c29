"""A camera over HTTP and a stream over RTSP, and what may go wrong with either.

The servers are real ones; a `Trouble` says how to spoil one and how to put it right again.
"""

from __future__ import annotations

import contextlib
import io
import socket
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.support.http_camera import HttpCamera, dripping, half, whole
from tests.support.video import write_video
from viewkeeper.sim.relay import Relay

RTSP_SERVER = Path(__file__).resolve().parents[1] / "support" / "rtsp_server.py"
LARGE = 12
"""8K is so many times as wide and high."""
FILM_S, LARGE_S = 300, 45
FROZEN = "frozen: the connection stands, nothing comes"

Luma = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that goes wrong with a camera, and how it is put right."""

    name: str
    spoil: Callable[[], None]
    mend: Callable[[], None]


def noisy(luma: Luma, chance: np.random.Generator) -> Luma:
    """The same street with fresh noise; two equal pictures would be a frozen camera."""
    noise = chance.integers(-3, 4, luma.shape)
    return np.clip(luma + noise, 0, 255).astype(np.uint8)


def enlarged(luma: Luma) -> Luma:
    return np.kron(luma, np.ones((LARGE, LARGE), np.uint8))


def jpeg(luma: Luma) -> bytes:
    file = io.BytesIO()
    Image.fromarray(luma).save(file, "JPEG", quality=85)
    return file.getvalue()


def rtsp_server(film: Path | str, stack: contextlib.ExitStack) -> int:
    """Its port."""
    server = subprocess.Popen(
        ["/usr/bin/python3", RTSP_SERVER, film], stdout=subprocess.PIPE, text=True
    )
    stack.callback(server.kill)
    assert server.stdout is not None
    return int(server.stdout.readline())


def babbler(stack: contextlib.ExitStack) -> int:
    """The port of something that answers whatever is asked with noise."""
    server = socket.create_server(("127.0.0.1", 0))
    stack.callback(server.close)

    def talk() -> None:
        noise = np.random.default_rng(5).bytes(65536)
        while True:
            try:
                caller, _ = server.accept()
            except OSError:
                return
            with caller, contextlib.suppress(OSError):
                caller.sendall(noise)

    threading.Thread(target=talk, daemon=True).start()
    return server.getsockname()[1]


def rtsp_troubles(
    folder: Path, luma: Luma, stack: contextlib.ExitStack
) -> tuple[str, list[Trouble]]:
    """The address of a stream, and what may befall it.

    After each trouble another server takes over: one that began its film anew would be a replay.
    """
    chance = np.random.default_rng(1)

    def serving(kind: str, make: Callable[[Luma], Luma] = lambda luma: luma) -> int:
        lumas = [make(noisy(luma, chance)) for _ in range(FILM_S if kind != "large" else LARGE_S)]
        film = write_video(
            folder / f"{chance.integers(1 << 32)}.{kind}.mkv", lumas, frames=len(lumas), rate=1,
            key_every=1,
        )  # fmt: skip
        return rtsp_server(film, stack)

    good = serving("film")
    relay = stack.enter_context(Relay(good))

    def leads(port: int) -> Callable[[], None]:
        def turn() -> None:
            relay.target_port, relay.open, relay.delay_s = port, True, 0.0
            relay.cut()
            relay.thaw()

        return turn

    def shut() -> None:
        relay.open = False
        relay.cut()

    def slow() -> None:
        relay.delay_s = 1.0

    spoilt = [
        ("cut", shut),
        (FROZEN, relay.freeze),
        ("slow drip, 4 KiB a second", slow),
        ("garbage", leads(babbler(stack))),
        ("a codec that nobody reads", leads(rtsp_server("strange", stack))),
        ("half frames: a third of all slices lost", leads(serving("lossy"))),
        ("8K, a key frame a second", leads(serving("large", enlarged))),
    ]
    troubles = [Trouble(name, spoil, leads(serving("film"))) for name, spoil in spoilt]
    return f"rtsp://127.0.0.1:{relay.port}/view", troubles


def http_troubles(luma: Luma, stack: contextlib.ExitStack) -> tuple[str, list[Trouble]]:
    """The address of a camera's picture, and what may befall it."""
    chance, over = np.random.default_rng(2), threading.Event()
    stack.callback(over.set)

    def well(handler: BaseHTTPRequestHandler) -> None:
        whole(jpeg(noisy(luma, chance)))(handler)

    camera = stack.enter_context(HttpCamera(well))
    one = jpeg(luma)
    bitmap = io.BytesIO()
    Image.fromarray(luma).save(bitmap, "TIFF")

    def large(handler: BaseHTTPRequestHandler) -> None:
        whole(jpeg(enlarged(noisy(luma, chance))))(handler)

    def hung_up(handler: BaseHTTPRequestHandler) -> None:
        handler.connection.shutdown(socket.SHUT_RDWR)

    def answers(answer: Callable[[BaseHTTPRequestHandler], None]) -> Callable[[], None]:
        return lambda: setattr(camera, "answer", answer)

    def silent(_handler: BaseHTTPRequestHandler) -> None:
        over.wait(600)

    def noise(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(np.random.default_rng(6).bytes(4096))

    mend = answers(well)
    return camera.url, [
        Trouble("cut", answers(hung_up), mend),
        Trouble(FROZEN, answers(silent), mend),
        Trouble("frozen: one picture again and again", answers(whole(one)), mend),
        Trouble("slow drip, ten bytes a second", answers(dripping(one, over)), mend),
        Trouble("garbage", answers(noise), mend),
        Trouble("a codec that is not read (TIFF)", answers(whole(bitmap.getvalue())), mend),
        Trouble("half frames", answers(half(one)), mend),
        Trouble("8K", answers(large), mend),
    ]
