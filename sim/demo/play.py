"""What every chapter of the story has in hand: the world, and whether it shows what it must."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from viewkeeper.sim.demo.device import DeviceCamera
from viewkeeper.sim.demo.observer import Seen
from viewkeeper.sim.demo.world import Camera, OrderSent, World

PATIENCE_S = 45.0


@dataclass(slots=True)
class Play:
    """The world the story plays in, and what later chapters need of earlier ones."""

    world: World
    camera: Camera
    view_hash: bytes = b""
    device: DeviceCamera | None = None
    """A MicroPython device beside it, where there is a MicroPython."""

    def sees(self, holds: Callable[[Seen], object], timeout_s: float = PATIENCE_S) -> bool:
        """Whether the observer comes to see that ``holds``."""
        return bool(self.world.observer.wait(self.camera.name, holds, timeout_s))


class StoryError(Exception):
    """The chain did not do what it promises."""


def must(holds: object, otherwise: str) -> None:
    if not holds:
        raise StoryError(otherwise)


def told(sent: OrderSent) -> str:
    must(sent.verdict is not None, "no verdict came back")
    assert sent.verdict is not None
    return sent.verdict.reason
