"""An ONVIF camera's own analytics rules, heard over its pull point.

Which rules there are is asked of its Analytics service (GetRules); what they say comes as events
(ONVIF Analytics Service Specification, annex A). A rule speaks for the signed zone of its name:
an unsigned one changes nothing, whoever drew it on the camera's web page.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from xml.sax.saxutils import escape

from viewkeeper.agent.adapters.sources import soap
from viewkeeper.agent.adapters.sources.onvif_device import SCHEMA, OnvifDevice
from viewkeeper.agent.adapters.sources.onvif_events import Message, PullPoint
from viewkeeper.agent.core.events.told import Told
from viewkeeper.agent.core.events.zones import Outside
from viewkeeper.agent.ports import SourceError
from viewkeeper.protocol.errors import Reason, SetupError
from viewkeeper.protocol.vocabulary import EventKind

log = logging.getLogger("viewkeeper.agent")

ANALYTICS = "http://www.onvif.org/ver20/analytics/wsdl"
CROSSED = ("LineDetector", "Crossed")
KINDS: Mapping[tuple[str, str], tuple[EventKind, ...]] = {
    # The direction is the rule's own parameter; the signed zone says what a crossing means.
    CROSSED: (EventKind.LINE_CROSSED, EventKind.WRONG_WAY),
    ("FieldDetector", "ObjectsInside"): (EventKind.INTRUSION,),
    ("LoiteringDetector", "ObjectIsLoitering"): (EventKind.LOITERING,),
}
"""The last two parts of a topic, and what it means of the zone of the rule's name."""
RULES = {topic[0]: kinds for topic, kinds in KINDS.items()}
"""The same by the type of the rule, as GetRules names it."""
WAIT_S = 2
"""How long the camera holds a question to which there is nothing to say."""
BREATH_S = 0.2
"""Between two questions: some cameras hold none."""
REST_S = 10.0
"""After a fault."""
FRESH_S = 15.0
MOST_STANDING, MOST_MOMENTS = 256, 64
OLDEST_S = 60.0
"""What a camera dates further back happened, as far as is known here, so long ago."""


class Rules:
    """What the rules say, message by message; messages in, words out.

    Attributes:
        named: (zone, kind) that some rule speaks for.
    """

    def __init__(self) -> None:
        self.named: set[tuple[str, EventKind]] = set()
        self._standing: dict[tuple[str, str, str], float] = {}
        self._moments: list[Told] = []

    def begin(self, rules: Mapping[str, str]) -> None:
        """A new subscription, and the types of the rules by name: all is told anew."""
        self._standing = {}
        self.named = {(name, kind) for name, rule in rules.items() for kind in RULES.get(rule, ())}

    def hear(self, message: Message, at_s: float) -> None:
        """One message; ``at_s`` in Unix seconds by this machine's clock."""
        topic, name = message.topic[-2:], message.source.get("Rule", "")
        kinds = KINDS.get((topic[0], topic[-1]), ()) if len(topic) == 2 else ()
        if not kinds or not name:
            return
        self.named |= {(name, kind) for kind in kinds}
        if topic == CROSSED:
            self._moments += [Told(kind, name, at_s) for kind in kinds]
            self._moments = self._moments[-MOST_MOMENTS:]
            return
        thing = message.source.get("ObjectId") or message.data.get("ObjectId", "")
        key = (name, topic[0], thing)
        if message.operation != "Deleted" and any(message.flags):
            self._standing.setdefault(key, at_s)
            while len(self._standing) > MOST_STANDING:
                del self._standing[next(iter(self._standing))]
        else:
            self._standing.pop(key, None)

    def told(self, at_s: float) -> tuple[Told, ...]:
        """What stands, and what was said since the last time, unless nobody asked for long."""
        moments = [told for told in self._moments if at_s - told.since_s <= OLDEST_S]
        self._moments = []
        standing = [
            Told(kind, name, since_s, lasts=True)
            for (name, rule, _), since_s in self._standing.items()
            for kind in RULES[rule]
        ]
        return (*moments, *standing)


class OnvifRulesFeed:
    """Implements `DetectionFeed` on the camera's pull point.

    Args:
        device: asked by this feed's own thread alone.
        monotonic, utc_s: seconds.
    """

    def __init__(
        self,
        device: OnvifDevice,
        monotonic: Callable[[], float] = time.monotonic,
        utc_s: Callable[[], float] = time.time,
    ) -> None:
        self._device, self._monotonic, self._utc_s = device, monotonic, utc_s
        self._rules, self._lock = Rules(), threading.Lock()
        self._heard_s: float | None = None
        self._said = ""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="onvif-rules", daemon=True)
        self._thread.start()

    def newest(self) -> Outside | None:
        """What the rules say; ``None``, and with it the camera's own foreground everywhere, while
        the camera does not answer."""
        with self._lock:
            heard_s = self._heard_s
            if heard_s is None or self._monotonic() - heard_s > FRESH_S:
                return None
            return Outside(
                "onvif", None, self._rules.told(self._utc_s()), frozenset(self._rules.named)
            )

    def close(self) -> None:
        self._stopping.set()
        self._thread.join(WAIT_S + 1)

    def _run(self) -> None:
        points: PullPoint | None = None
        while not self._stopping.is_set():
            anew = points is None or not points.subscribed
            try:
                if points is None:
                    self._device.introduce()
                    if "events" not in self._device.services:
                        raise soap.NotSoapError("the camera has no events service")
                    points = PullPoint(self._device)
                rules = rules_of(self._device) if anew else {}
                messages = points.pull(WAIT_S)
            except (SetupError, soap.NotSoapError) as error:
                if not anew:
                    continue  # the subscription ran out: a new one at once
                points = None
                self._say(error.hint if isinstance(error, SetupError) else str(error))
                self._stopping.wait(REST_S)
                continue
            with self._lock:
                if anew:
                    self._rules.begin(rules)
                for message in messages:
                    self._rules.hear(message, self._dated(message))
                self._heard_s = self._monotonic()
            self._say("")
            self._stopping.wait(BREATH_S)
        if points is not None:
            points.close()

    def _dated(self, message: Message) -> float:
        """When it was, by this machine's clock."""
        now_s = self._utc_s()
        if message.told is None:
            return now_s
        told_s = (message.told - self._device.offset).timestamp()
        return min(now_s, max(now_s - OLDEST_S, told_s))

    def _say(self, fault: str) -> None:
        """A fault once, not every time."""
        if fault and fault != self._said:
            log.warning("detections: %s", fault)
        elif self._said and not fault:
            log.info("detections: the camera's rules are heard again")
        self._said = fault


def rules_of(device: OnvifDevice) -> dict[str, str]:
    """The types of a camera's rules by their names; empty where it has no Analytics service, and
    then a rule is known from its first word on.

    Raises:
        SourceError: the camera does not answer.
    """
    if "analytics" not in device.services:
        return {}
    found: dict[str, str] = {}
    for profile in device.profiles:
        configuration = profile.find(f"{{{SCHEMA}}}VideoAnalyticsConfiguration")
        token = "" if configuration is None else configuration.get("token", "")
        if not token:
            continue
        try:
            body = device.call(
                device.services["analytics"],
                f'<GetRules xmlns="{ANALYTICS}"><ConfigurationToken>{escape(token)}'
                "</ConfigurationToken></GetRules>",
            )
        except soap.NotSoapError as error:
            raise SourceError(Reason.SOURCE_LOST, f"onvif {device.url}: {error}") from None
        for rule in body.findall(f".//{{{ANALYTICS}}}Rule"):
            found[rule.get("Name", "")] = rule.get("Type", "").rpartition(":")[2]
    return found


def names_of(rules: Mapping[str, str]) -> str:
    """For people: the rules that can speak for a zone."""
    useful = sorted(f"{name} ({rule})" for name, rule in rules.items() if rule in RULES)
    return ", ".join(useful) or "none that can speak for a zone"
