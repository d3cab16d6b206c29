"""What settings may name: every kind of frame source and every driver of a sign.

The harness adds its virtual camera to the same table; nothing else differs. An adapter is
imported when settings name it: a camera has one of each, and memory for no more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from viewkeeper.agent.ports import FrameSource, SignageDriver
from viewkeeper.agent.settings import DetectionSettings
from viewkeeper.agent.settings import SignageSettings as SignSettings
from viewkeeper.agent.source_settings import SourceSettings
from viewkeeper.agent.zone_watch import DetectionFeed, InCamera
from viewkeeper.protocol.errors import Reason, SetupError

if TYPE_CHECKING:
    from viewkeeper.agent.adapters.sources.onvif import OnvifCamera
    from viewkeeper.agent.adapters.sources.onvif_device import OnvifDevice

SourceFactory = Callable[[SourceSettings], FrameSource]
FeedFactory = Callable[[DetectionSettings, SourceSettings], DetectionFeed | None]
RULES_KIND = "onvif_rules"
SignageFactory = Callable[[SignSettings], SignageDriver | None]


def _files(settings: SourceSettings) -> FrameSource:
    from viewkeeper.agent.adapters.sources.files import FileSource

    return FileSource(Path(settings.path), loop=settings.loop)


def _video(settings: SourceSettings) -> FrameSource:
    from viewkeeper.agent.adapters.sources.video import VideoSource

    return VideoSource(Path(settings.path))


def _rtsp(settings: SourceSettings) -> FrameSource:
    from viewkeeper.agent.adapters.sources import stream

    return stream.rtsp(
        settings.url,
        username=settings.username,
        password_file=settings.password_file,
        key_frames_only=settings.key_frames_only,
    )


def _snapshot(settings: SourceSettings) -> FrameSource:
    from viewkeeper.agent.adapters.sources.snapshot import Snapshots, snapshots

    return snapshots(
        Snapshots(
            url=settings.url,
            pixel_format=settings.pixel_format,
            width=settings.width,
            height=settings.height,
            username=settings.username,
            password_file=settings.password_file,
            ca_file=settings.ca_file,
            period_s=settings.period_s,
            timeout_s=settings.timeout_s,
        )
    )


def _v4l2(settings: SourceSettings) -> FrameSource:
    from viewkeeper.agent.adapters.sources import stream

    return stream.v4l2(settings.path, width=settings.width, height=settings.height)


def _picamera2(settings: SourceSettings, detector: InCamera | None = None) -> FrameSource:
    from viewkeeper.agent.adapters.sources.picamera2 import picamera2

    return picamera2(
        settings.camera, width=settings.width, height=settings.height, detector=detector
    )


def onvif_device(settings: SourceSettings) -> OnvifDevice:
    """Whom both the witness and the rules' listener ask, each one of its own."""
    from viewkeeper.agent.adapters.sources.onvif_device import OnvifDevice

    return OnvifDevice(
        url=settings.onvif_url,
        username=settings.username,
        password_file=settings.password_file,
        ca_file=settings.ca_file,
        timeout_s=settings.timeout_s,
    )


def onvif_camera(settings: SourceSettings) -> OnvifCamera:
    """The camera's ONVIF side, where ``onvif_url`` names one."""
    from viewkeeper.agent.adapters.sources.onvif import OnvifCamera

    return OnvifCamera(onvif_device(settings))


def _no_signage(_settings: SignSettings) -> SignageDriver | None:
    return None


def _gpio_lamp(settings: SignSettings) -> SignageDriver | None:
    from viewkeeper.agent.adapters.signage.lamp import GpioLamp

    return GpioLamp(settings)


def _display(settings: SignSettings) -> SignageDriver | None:
    from viewkeeper.agent.adapters.signage.display import DisplaySign

    return DisplaySign(settings)


def _no_feed(_settings: DetectionSettings, _source: SourceSettings) -> DetectionFeed | None:
    return None


def _frigate(settings: DetectionSettings, _source: SourceSettings) -> DetectionFeed | None:
    from viewkeeper.agent.adapters.detections.frigate import FrigateFeed

    return FrigateFeed(settings)


def _onvif(settings: DetectionSettings, source: SourceSettings) -> DetectionFeed:
    from viewkeeper.agent.adapters.detections.onvif_metadata import feed_of

    return feed_of(settings, source)


def _onvif_rules(_settings: DetectionSettings, source: SourceSettings) -> DetectionFeed:
    from viewkeeper.agent.adapters.detections.onvif_rules import OnvifRulesFeed

    return OnvifRulesFeed(onvif_device(source))


def _imx500(settings: DetectionSettings, _source: SourceSettings) -> DetectionFeed | None:
    from viewkeeper.agent.adapters.detections.imx500 import Imx500Feed

    return Imx500Feed(settings)


def _hailo(settings: DetectionSettings, _source: SourceSettings) -> DetectionFeed | None:
    from viewkeeper.agent.adapters.detections.hailo import HailoFeed

    return HailoFeed(settings)


@dataclass(frozen=True, slots=True)
class Adapters:
    """What settings may name. The harness adds its virtual camera; nothing else differs."""

    sources: Mapping[str, SourceFactory] = field(
        default_factory=lambda: {
            "files": _files,
            "video": _video,
            "rtsp": _rtsp,
            "snapshot": _snapshot,
            "v4l2": _v4l2,
            "picamera2": _picamera2,
        }
    )
    signage: Mapping[str, SignageFactory] = field(
        default_factory=lambda: {"none": _no_signage, "gpio": _gpio_lamp, "display": _display}
    )

    detections: Mapping[str, FeedFactory] = field(
        default_factory=lambda: {
            "none": _no_feed,
            "frigate": _frigate,
            "onvif": _onvif,
            RULES_KIND: _onvif_rules,
            "imx500": _imx500,
            "hailo": _hailo,
        }
    )

    def feed(self, settings: DetectionSettings, source: SourceSettings) -> DetectionFeed | None:
        """The other program's detections that the settings name.

        Args:
            settings: of the detections.
            source: of the camera, whose own ONVIF word may be what is listened to.
        """
        if settings.kind not in self.detections:
            raise SetupError(
                Reason.SETTING,
                f"[detections] kind {settings.kind!r} is not one of {', '.join(self.detections)}",
            )
        return self.detections[settings.kind](settings, source)

    def source(self, settings: SourceSettings, feed: DetectionFeed | None = None) -> FrameSource:
        """The source that the settings name; a feed that runs in the camera goes with it."""
        if settings.kind not in self.sources:
            raise SetupError(
                Reason.SETTING,
                f"[source] kind {settings.kind!r} is not one of {', '.join(self.sources)}",
            )
        if isinstance(feed, InCamera):
            if settings.kind != "picamera2":
                raise SetupError(
                    Reason.SETTING,
                    "[detections] kinds 'imx500' and 'hailo' need [source] kind 'picamera2', which "
                    f"owns the camera; it is {settings.kind!r}",
                )
            return _picamera2(settings, feed)
        source = self.sources[settings.kind](settings)
        if not settings.onvif_url:
            return source
        from viewkeeper.agent.adapters.sources.witnessed import WitnessedSource

        onvif_camera(settings)  # a mistake in the address is told now; each opening asks anew
        return WitnessedSource(
            source, lambda: onvif_camera(settings), period_s=settings.onvif_period_s
        )

    def sign(self, settings: SignSettings) -> SignageDriver | None:
        """The signage driver that the settings name."""
        if settings.driver not in self.signage:
            raise SetupError(
                Reason.SETTING,
                f"[signage] driver {settings.driver!r} is not one of {', '.join(self.signage)}",
            )
        return self.signage[settings.driver](settings)
