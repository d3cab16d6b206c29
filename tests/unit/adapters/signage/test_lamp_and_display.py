"""Real libraries, no hardware: gpiozero's own mock pins, an INA219's registers, luma's dummy."""

import builtins
from dataclasses import replace

import pytest

from tests.support.ina219 import Chip
from viewkeeper.agent.adapters.signage.display import REFRESH_S, DisplaySign
from viewkeeper.agent.adapters.signage.lamp import GpioLamp
from viewkeeper.agent.core.signage.lamp import LampLimits, judge_lamp
from viewkeeper.agent.settings import SignageSettings
from viewkeeper.protocol.errors import Reason, SetupError
from viewkeeper.protocol.orders import SignText
from viewkeeper.protocol.vocabulary import LitState, SignageState

gpiozero = pytest.importorskip("gpiozero")
TEXT = SignText(
    operator="合肥市公安局示范支队", purpose="维护公共安全", phone="0551-0000-0000",
    lit_required=True,
)  # fmt: skip
SETTINGS = SignageSettings(driver="gpio", lamp_pin="GPIO17", presence_pin="GPIO27", i2c_bus=1)


@pytest.fixture
def pins():
    from gpiozero.pins.mock import MockFactory

    before = gpiozero.Device.pin_factory
    gpiozero.Device.pin_factory = MockFactory()
    yield gpiozero.Device.pin_factory
    gpiozero.Device.pin_factory.reset()
    gpiozero.Device.pin_factory = before


@pytest.fixture
def chip():
    return Chip()


@pytest.fixture
def lamp(pins, chip):
    made = GpioLamp(SETTINGS, chip, lambda: 5.0)
    yield made
    made.close()


def judged(reading):
    return judge_lamp(
        commanded=reading.lamp_commanded,
        current_ma=reading.current_ma,
        light_level=reading.light_level,
        present=reading.present,
        limits=LampLimits(),
    )


@pytest.mark.parametrize(
    ("current_ma", "lit"),
    [
        (340, LitState.LIT),
        (0.4, LitState.UNLIT),
        (80, LitState.FAILING),
        (2150, LitState.FAILING),
        (-3, LitState.UNLIT),
    ],
)
def test_the_current_through_the_shunt_says_whether_the_lamp_burns(lamp, chip, current_ma, lit):
    chip.flows(current_ma)
    reading = lamp.read()
    assert reading.current_ma == pytest.approx(current_ma, abs=0.06)
    assert judged(reading).lit is lit


def test_the_chip_is_started_as_after_a_reset(lamp, chip):
    assert chip.registers[0x00] == 0x399F


def test_lamp_is_switched_on_and_goes_out_when_the_agent_ends(pins, chip):
    lamp = GpioLamp(SETTINGS, chip)
    assert pins.pin(17).state == 1
    assert lamp.read().lamp_commanded
    lamp.close()
    assert chip.closed
    assert pins.pin(17).function == "input"


def test_a_board_that_is_taken_down_opens_its_contact(lamp, pins):
    pins.pin(27).drive_low()
    assert judged(lamp.read()).state is SignageState.PRESENT
    pins.pin(27).drive_high()
    assert judged(lamp.read()).state is SignageState.MISSING


def test_current_through_a_blind_lamp_is_failing(pins, chip):
    spi = pins.spi  # gpiozero's own software SPI over mock pins answers 0: no light
    assert spi is not None
    chip.flows(340)
    lamp = GpioLamp(SETTINGS, chip)
    reading = replace(lamp.read(), light_level=0.02)
    lamp.close()
    assert judged(reading).lit is LitState.FAILING


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"ina219_address": 0x41}, "0x41"),
        ({"lamp_pin": "GPIO99"}, "pins"),
        ({"i2c_bus": -1, "presence_pin": ""}, "nothing senses"),
    ],
)
def test_what_is_missing_is_named_with_its_cure(pins, chip, changes, named):
    with pytest.raises(SetupError, match=named):
        GpioLamp(replace(SETTINGS, **changes), chip)


def test_a_bus_that_is_not_there_is_named(pins):
    with pytest.raises(SetupError, match=r"/dev/i2c-77.*raspi-config"):
        GpioLamp(replace(SETTINGS, i2c_bus=77))


@pytest.mark.parametrize(
    ("library", "make", "cure"),
    [
        ("gpiozero", lambda: GpioLamp(SETTINGS), "python3-gpiozero"),
        ("luma.core", lambda: DisplaySign(SignageSettings(panel="-d x")), "luma.core"),
    ],
)
def test_a_missing_library_says_how_to_get_it(monkeypatch, library, make, cure):
    real = builtins.__import__

    def without(name, *rest, **more):
        if name.startswith(library):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(SetupError, match=cure) as caught:
        make()
    assert caught.value.reason is Reason.LIBRARY_MISSING


@pytest.fixture
def panel():
    luma = pytest.importorskip("luma.core.device")
    return luma.dummy(width=400, height=300, mode="1")


def test_a_display_shows_the_registered_text_and_is_read_back(panel):
    sign = DisplaySign(SignageSettings(notice_url="https://example.org/n"), panel, lambda: 0.0)
    assert sign.read().shown is None
    sign.show(TEXT, 30)
    shown = sign.read().shown
    assert (shown.operator, shown.phone) == (TEXT.operator, TEXT.phone)
    low, high = panel.image.getextrema()
    assert low < high


def test_a_display_that_shows_something_else_is_noticed_and_drawn_anew(panel):
    sign = DisplaySign(SignageSettings(), panel, lambda: 0.0)
    sign.show(TEXT, 30)
    sign.read()
    panel.image = panel.image.point(lambda value: 255 - value)
    with pytest.raises(SetupError, match="something else"):
        sign.read()
    assert sign.read().shown is not None


def test_a_display_is_drawn_once_an_hour_and_when_the_text_changes(panel):
    now, drawn = [0.0], []
    real = panel.display
    panel.display = lambda picture: (drawn.append(now[0]), real(picture))
    sign = DisplaySign(SignageSettings(), panel, lambda: now[0])
    sign.show(TEXT, 30)
    for now[0] in (0.0, 10.0, REFRESH_S + 1):
        sign.read()
    sign.show(replace(TEXT, phone="0551-1111-1111"), 30)
    now[0] += 1
    sign.read()
    assert drawn == [0.0, REFRESH_S + 1, REFRESH_S + 2]


def test_luma_makes_the_panel_from_its_own_words(tmp_path, monkeypatch):
    pytest.importorskip("luma.emulator")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    panel = "--display capture --width 400 --height 300 --transform none --scale 1"
    sign = DisplaySign(SignageSettings(panel=panel))
    sign.show(TEXT, 30)
    assert sign.read().shown is not None
    assert [path.suffix for path in tmp_path.iterdir()] == [".png"]


@pytest.mark.parametrize("panel", ["", "--display nonsense", "--what"])
def test_a_panel_that_luma_does_not_know_is_named(panel, capsys):
    pytest.importorskip("luma.core")
    with pytest.raises(SetupError, match="panel"):
        DisplaySign(SignageSettings(panel=panel))


def test_a_silent_chip_leaves_the_other_sensors_their_word(lamp, chip, pins, caplog):
    pins.pin(27).drive_low()
    chip.address = 0x7F  # it answers no more
    for _ in range(3):
        reading = lamp.read()
    assert reading.current_ma is None
    assert judged(reading).state is SignageState.PRESENT
    assert judged(reading).lit is LitState.UNKNOWN
    assert len([line for line in caplog.messages if "no current" in line]) == 1


def test_where_every_sensor_is_silent_there_is_no_reading(pins, chip):
    lamp = GpioLamp(replace(SETTINGS, presence_pin=""), chip)
    chip.address = 0x7F  # it answers no more
    with pytest.raises(SetupError, match="i2cdetect"):
        lamp.read()
    lamp.close()


def test_a_pin_that_another_program_holds_is_told_with_its_cure(pins, chip):
    taken = gpiozero.DigitalOutputDevice("GPIO17")
    with pytest.raises(SetupError, match=r"GPIO17.*nothing else use the pin"):
        GpioLamp(SETTINGS, chip)
    taken.close()


def test_a_new_text_that_cannot_be_drawn_leaves_the_former_one_shown(panel, caplog):
    sign = DisplaySign(SignageSettings(), panel, lambda: 0.0)
    sign.show(TEXT, 30)
    sign.read()
    sign.show(replace(TEXT, operator="\U000130b8", phone="110"), 30)  # no font has it
    for _ in range(2):
        assert sign.read().shown.phone == TEXT.phone
    assert len([line for line in caplog.messages if "former text" in line]) == 1
    sign.show(TEXT, 30)
    assert sign.read().shown.operator == TEXT.operator
