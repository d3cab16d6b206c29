"""A powered sign on real pins: lamp and presence through gpiozero, current through an INA219,
light through a photodiode on an MCP3008.

The INA219's shunt voltage register is read and divided by the shunt; its own current register
would need a calibration that is lost whenever the chip loses power. Needs gpiozero, and smbus2
where there is an INA219.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, Protocol

from viewkeeper.agent.ports import SignageReading
from viewkeeper.agent.settings import SignageSettings
from viewkeeper.protocol.errors import Reason, SetupError

log = logging.getLogger("viewkeeper.agent")

INA219_CONFIG, INA219_SHUNT = 0x00, 0x01
INA219_START = 0x399F
"""Reset value: 32 V, ±320 mV, 12 bits, shunt and bus continuously (datasheet §8.6.2)."""
INA219_LSB_V = 10e-6


class Bus(Protocol):
    """What is used of an I2C bus; smbus2's `SMBus` has it."""

    def read_i2c_block_data(self, i2c_addr: int, register: int, length: int) -> list[int]: ...
    def write_i2c_block_data(self, i2c_addr: int, register: int, data: list[int]) -> None: ...
    def close(self) -> None: ...


class Ina219:
    """Current through a shunt.

    Raises:
        SetupError: the chip does not answer.
    """

    def __init__(self, bus: Bus, address: int, shunt_ohm: float) -> None:
        self._bus, self._address, self._shunt_ohm = bus, address, shunt_ohm
        data = [INA219_START >> 8, INA219_START & 0xFF]
        self._tried(lambda: bus.write_i2c_block_data(address, INA219_CONFIG, data))

    def current_ma(self) -> float:
        """Milliamperes, positive from IN+ to IN-."""
        high, low = self._tried(
            lambda: self._bus.read_i2c_block_data(self._address, INA219_SHUNT, 2)
        )
        steps = int.from_bytes(bytes((high, low)), "big", signed=True)
        return 1000 * steps * INA219_LSB_V / self._shunt_ohm

    def _tried(self, what: Callable[[], Any]) -> Any:
        try:
            return what()
        except OSError as error:
            raise SetupError(
                Reason.SOURCE_LOST,
                f"no INA219 answers at 0x{self._address:02x} ({error.strerror or error}): check "
                "its wiring and address with i2cdetect -y BUS",
            ) from None


class GpioLamp:
    """Implements `SignageDriver`.

    Args:
        settings: of the sign; a pin that is empty or a channel below 0 is not there.
        bus: the I2C bus; opened through smbus2 where it is ``None``.
        monotonic: seconds.

    Raises:
        SetupError: a library, a pin or a chip is missing, with the cure.
    """

    name = "lamp on GPIO"

    def __init__(
        self,
        settings: SignageSettings,
        bus: Bus | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._monotonic = monotonic
        self._lamp = self._presence = self._light = None
        self._current: Ina219 | None = None
        self._silent: frozenset[str] = frozenset()
        self._bus = bus
        gpio = _gpiozero()
        try:
            if settings.lamp_pin:
                self._lamp = gpio.DigitalOutputDevice(settings.lamp_pin, initial_value=True)
            if settings.presence_pin:
                self._presence = gpio.Button(settings.presence_pin, pull_up=True)
            if settings.light_channel >= 0:
                self._light = gpio.MCP3008(channel=settings.light_channel)
        except Exception as error:  # noqa: BLE001 - each pin library raises what it likes
            self.close()
            raise SetupError(
                Reason.SETTING,
                f"[signage] pins: {error}; on a Raspberry Pi: apt install python3-lgpio, let the "
                "agent's user be in the groups gpio and spi, and let nothing else use the pin",
            ) from None
        if settings.i2c_bus >= 0:
            try:
                self._bus = _smbus(settings.i2c_bus) if bus is None else bus
                self._current = Ina219(self._bus, settings.ina219_address, settings.shunt_ohm)
            except SetupError:
                self.close()
                raise
        if self._current is None and self._light is None and self._presence is None:
            self.close()
            raise SetupError(
                Reason.SETTING,
                "[signage] nothing senses the sign: set i2c_bus, light_channel or presence_pin",
            )

    def read(self) -> SignageReading:
        """The wires now; a sensor that is silent is left out while another one speaks.

        Raises:
            SetupError: none of them speaks.
        """
        senses: dict[str, Callable[[], float]] = {}
        if self._current is not None:
            senses["current"] = self._current.current_ma
        if (light := self._light) is not None:
            senses["light"] = lambda: float(light.value)
        if (contact := self._presence) is not None:
            senses["presence"] = lambda: float(contact.is_pressed)
        told: dict[str, float] = {}
        faults: dict[str, SetupError] = {}
        for name, sense in senses.items():
            try:
                told[name] = sense()
            except SetupError as error:
                faults[name] = error
            except Exception as error:  # noqa: BLE001 - each pin library raises what it likes
                faults[name] = SetupError(Reason.SOURCE_LOST, f"[signage] {name}: {error}")
        if not told:
            raise next(iter(faults.values()))
        for name in faults.keys() - self._silent:
            log.warning("%s: no %s: %s", self.name, name, faults[name].hint)
        self._silent = frozenset(faults)
        return SignageReading(
            lamp_commanded=self._lamp is None or bool(self._lamp.value),
            current_ma=told.get("current"),
            light_level=told.get("light"),
            present=bool(told["presence"]) if "presence" in told else None,
            read_at_mono_s=self._monotonic(),
        )

    def close(self) -> None:
        """Let the pins go; the lamp goes out with them."""
        for part in (self._lamp, self._presence, self._light, self._bus):
            if part is not None:
                part.close()
        self._lamp = self._presence = self._light = self._bus = None


def _gpiozero() -> Any:
    try:
        import gpiozero
    except ImportError:
        raise SetupError(
            Reason.LIBRARY_MISSING,
            "[signage] driver gpio needs gpiozero: apt install python3-gpiozero python3-lgpio, "
            "or pip install gpiozero",
        ) from None
    return gpiozero


def _smbus(number: int) -> Any:
    try:
        import smbus2
    except ImportError:
        raise SetupError(
            Reason.LIBRARY_MISSING,
            "[signage] i2c_bus needs smbus2: apt install python3-smbus2, or pip install smbus2",
        ) from None
    try:
        return smbus2.SMBus(number)
    except OSError as error:
        raise SetupError(
            Reason.SETTING,
            f"[signage] /dev/i2c-{number}: {error.strerror}; enable I2C (raspi-config, Interface "
            "Options) and let the agent's user be in the group i2c",
        ) from None
