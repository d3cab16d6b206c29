"""E-paper: Waveshare's own drivers and Pimoroni's own class, on a stand-in for the wires alone."""

import builtins
import importlib
import sys
import types

import numpy as np
import pytest

from viewkeeper.agent.adapters.signage import epaper, face
from viewkeeper.agent.adapters.signage.display import DisplaySign
from viewkeeper.agent.settings import SignageSettings
from viewkeeper.protocol.errors import Reason, SetupError
from viewkeeper.protocol.orders import SignText

TEXT = SignText(
    operator="合肥市公安局示范支队", purpose="维护公共安全", phone="0551-0000-0000",
    lit_required=False,
)  # fmt: skip
NOTICE = face.Notice(TEXT.operator, TEXT.purpose, TEXT.phone, 30)
FOLDER = "epaper.e-Paper.RaspberryPi_JetsonNano.python.lib.waveshare_epd"


class Wires(types.ModuleType):
    """What Waveshare's ``epdconfig`` does on a Raspberry Pi: pins and SPI."""

    RST_PIN, DC_PIN, CS_PIN, BUSY_PIN, PWR_PIN = 17, 25, 8, 24, 18

    def __init__(self):
        super().__init__(f"{FOLDER}.epdconfig")
        self.sent: list[tuple[int, bytes]] = []
        self.is_data = 0
        self.opens = 0

    def module_init(self, *_, **__):
        return self.opens

    def module_exit(self, *_, **__):
        pass

    def delay_ms(self, _ms):
        pass

    def digital_write(self, pin, value):
        if pin == self.DC_PIN:
            self.is_data = value

    def digital_read(self, _pin):
        return 0  # not busy

    def spi_writebyte(self, data):
        self.spi_writebyte2(data)

    def spi_writebyte2(self, data):
        self.sent.append((self.is_data, bytes(value & 0xFF for value in data)))

    def after(self, command):
        """All data that followed a command, the last time it was given."""
        at = max(i for i, (data, what) in enumerate(self.sent) if not data and what == command)
        found = b""
        for is_data, what in self.sent[at + 1 :]:
            if not is_data:
                break
            found += what
        return found


@pytest.fixture
def wires(monkeypatch):
    pytest.importorskip("epaper")
    package = importlib.import_module(FOLDER)
    made = Wires()
    monkeypatch.setitem(sys.modules, made.__name__, made)
    monkeypatch.setattr(package, "epdconfig", made, raising=False)
    for name in [name for name in sys.modules if name.startswith(f"{FOLDER}.epd")]:
        if name != made.__name__:
            monkeypatch.delitem(sys.modules, name)
    return made


def panel_of(words):
    return SignageSettings(driver="display", panel=words)


def pixels(sent):
    """A driver's bytes as it lies on the glass, upright; the driver turns what lies by a quarter,
    against the clock, and pads rows to whole bytes."""
    rows = np.unpackbits(np.frombuffer(sent, np.uint8).reshape(250, 16), axis=1)
    return np.rot90(rows[:, :122].astype(bool), -1)


def test_waveshares_own_driver_puts_the_sign_on_the_wires(wires):
    sign = DisplaySign(panel_of("waveshare epd2in13_V4"))
    sign.show(TEXT, 30)
    shown = sign.read().shown
    assert (shown.operator, shown.phone) == (TEXT.operator, TEXT.phone)
    assert (pixels(wires.after(b"\x24")) == np.asarray(face.draw(NOTICE, (250, 122)))).all()


def test_a_panel_with_a_second_ink_gets_none_of_it(wires):
    sign = DisplaySign(panel_of("waveshare epd2in13b_V4"))
    sign.show(TEXT, 30)
    sign.read()
    assert (pixels(wires.after(b"\x24")) == np.asarray(face.draw(NOTICE, (250, 122)))).all()
    assert pixels(wires.after(b"\x26")).all()


def test_a_bus_that_does_not_open_is_told(wires):
    wires.opens = -1
    sign = DisplaySign(panel_of("waveshare epd2in13_V4"))
    sign.show(TEXT, 30)
    with pytest.raises(SetupError, match="SPI does not open"):
        sign.read()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("waveshare", "takes the driver's name"),
        ("waveshare ../../x", "takes the driver's name"),
        ("waveshare epd99", "no driver 'epd99'; there are epd"),
    ],
)
def test_a_driver_that_is_not_there_is_named(wires, words, told):
    with pytest.raises(SetupError, match=told):
        DisplaySign(panel_of(words))


@pytest.fixture
def inky(monkeypatch):
    """Pimoroni's own 400 × 300 class, without pins."""
    for name in ("gpiod", "gpiod.line", "gpiodevice", "spidev", "smbus2"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setattr(sys.modules["gpiod"], "LineSettings", object, raising=False)
    line = sys.modules["gpiod.line"]
    for name in ("Bias", "Direction", "Edge", "Value"):
        setattr(line, name, types.SimpleNamespace(ACTIVE=1, INACTIVE=0))
    monkeypatch.setattr(sys.modules["gpiod"], "line", line, raising=False)

    def no_bus(_number):
        raise OSError("no such bus")

    monkeypatch.setattr(sys.modules["smbus2"], "SMBus", no_bus, raising=False)
    for name in [name for name in sys.modules if name.split(".")[0] == "inky"]:
        monkeypatch.delitem(sys.modules, name)
    return pytest.importorskip("inky.inky")


def test_pimoronis_own_class_takes_the_sign(inky, monkeypatch):
    device = inky.Inky((400, 300), "black")
    shown = []
    monkeypatch.setattr(device, "show", lambda: shown.append(device.buf.copy()))
    auto = types.SimpleNamespace(auto=lambda: device)
    monkeypatch.setitem(sys.modules, "inky.auto", auto)
    sign = DisplaySign(panel_of("inky"))
    sign.show(TEXT, 30)
    assert sign.read().shown is not None
    assert (shown[0].reshape(300, 400) == ~np.asarray(face.draw(NOTICE, (400, 300)))).all()


def test_a_pi_without_a_panel_is_told_with_the_cure(monkeypatch):
    def auto():
        raise RuntimeError("No EEPROM detected! You must manually initialise your Inky board.")

    monkeypatch.setitem(sys.modules, "inky", types.ModuleType("inky"))
    monkeypatch.setitem(sys.modules, "inky.auto", types.SimpleNamespace(auto=auto))
    with pytest.raises(SetupError, match=r"No EEPROM.*enable SPI and I2C"):
        DisplaySign(panel_of("inky"))


@pytest.mark.parametrize(
    ("words", "cure"),
    [(["inky"], "pip install inky"), (["waveshare", "epd2in7"], "pip install waveshare-epaper")],
)
def test_a_missing_library_is_named_with_its_cure(monkeypatch, words, cure):
    real = builtins.__import__

    def without(name, *rest, **more):
        if name.split(".")[0] in ("inky", "epaper"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(SetupError, match=cure) as caught:
        epaper.open_epaper(words)
    assert caught.value.reason is Reason.LIBRARY_MISSING
