import pytest

from viewkeeper.agent.app import link_settings
from viewkeeper.agent.settings_file import load
from viewkeeper.protocol.errors import Reason, SetupError

GOOD = """
[camera]
site = "hefei"
id = "cam-0001"
hfov_deg = 60
[source]
kind = "files"
path = "frames"
[broker]
host = "127.0.0.1"
[storage]
dir = "state"
"""


def loaded(tmp_path, text):
    path = tmp_path / "agent.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def test_a_good_file_is_read_and_paths_count_from_it(tmp_path):
    settings = loaded(tmp_path, GOOD)
    assert settings.camera.hfov_deg == 60.0
    assert settings.storage.dir == str(tmp_path / "state")
    assert settings.source.path == str(tmp_path / "frames")
    assert settings.topics.report == "viewkeeper/v1/hefei/cam-0001/report"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (("hfov_deg = 60", 'hfov_deg = "wide"'), "hfov_deg must be float"),
        (("hfov_deg = 60", "hfov_deg = true"), "hfov_deg must be float"),
        (("hfov_deg = 60", "hfov_deg = 200"), "hfov_deg must be 5 to 140"),
        (("hfov_deg = 60", "hfov_deg = 3"), "hfov_deg must be 5 to 140"),
        (('id = "cam-0001"', 'id = "Cam/1"'), "camera id 'Cam/1'"),
        (('host = "127.0.0.1"', 'host = ""'), "host is empty"),
        (('host = "127.0.0.1"', 'host = "h"\nport = 70000'), "port must be 1 to 65535"),
        (('host = "127.0.0.1"', 'host = "h"\ncert_file = "c"'), "go together"),
        (('kind = "files"', 'kind = "files"\ncolour = 1'), "unknown key colour"),
        (("[storage]", "[stores]"), "unknown table [stores]"),
        (('[storage]\ndir = "state"', ""), "[storage] is missing"),
        (("[storage]", "[tolerance]\npan = 9\n[storage]"), "signed configuration only"),
        (("[camera]", "[camera"), "is not TOML"),
    ],
)
def test_a_bad_file_gives_one_line_that_names_the_thing(tmp_path, change, named):
    with pytest.raises(SetupError) as error:
        loaded(tmp_path, GOOD.replace(*change))
    assert named in error.value.hint
    assert "\n" not in error.value.hint
    assert error.value.reason is Reason.SETTING


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SetupError, match=r"nowhere\.toml: no such file"):
        load(tmp_path / "nowhere.toml")


@pytest.mark.parametrize(
    ("told", "least", "most"), [("off", 0, 0), ("device", 1, 1), ("component", 2, 99)]
)
def test_home_assistant_is_introduced_in_the_form_that_is_asked_for(tmp_path, told, least, most):
    settings = loaded(tmp_path, GOOD + f'[homeassistant]\ndiscovery = "{told}"\n')
    introduction = link_settings(settings).introduction
    messages = {} if introduction is None else introduction.messages(settings.topics)
    assert least <= len(messages) <= most


def test_an_unknown_form_is_named(tmp_path):
    with pytest.raises(SetupError, match="off, component, device"):
        loaded(tmp_path, GOOD + '[homeassistant]\ndiscovery = "yes"\n')


BOARD = f"""
[board]
port = "/dev/serial0"
id = "gate-board"
key = "{"ab" * 32}"
cert_file = "board.crt"
key_file = "board.key"
"""


def test_a_board_on_the_serial_line_is_read(tmp_path):
    board = loaded(tmp_path, GOOD + BOARD).board
    assert (board.port, board.id, board.baud) == ("/dev/serial0", "gate-board", 115_200)
    assert board.cert_file == str(tmp_path / "board.crt")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (('id = "gate-board"', 'id = "Gate"'), "[board] id"),
        (("ab" * 32, "AB" * 32), "64 hexadecimal digits"),
        (('key_file = "board.key"', ""), "go together"),
        (("[board]", "[board]\nbaud = 1200"), "baud must be one of"),
        (("[board]", "[board]\nsilent_s = 1"), "silent_s must be 5 to 3600"),
        (("[board]", '[accelerometer]\npath = "p"\n[board]'), "keep one of them"),
    ],
)
def test_a_board_that_cannot_be_is_named(tmp_path, change, named):
    with pytest.raises(SetupError) as error:
        loaded(tmp_path, GOOD + BOARD.replace(*change))
    assert named in error.value.hint
    assert error.value.reason is Reason.SETTING


@pytest.mark.parametrize(
    "wrong",
    ['lit = "night"', 'place = "north"', 'place = "31.8"', 'place = "97,0"', 'place = "1,2,3"'],
)
def test_when_a_lamp_must_burn_is_named_where_it_cannot_be(tmp_path, wrong):
    with pytest.raises(SetupError, match=r"lit must be .* place a latitude"):
        loaded(tmp_path, f"{GOOD}[signage]\n{wrong}\n")


def test_a_lamp_behind_a_photocell_is_asked_for_in_the_dark(tmp_path):
    asked = '[signage]\nlit = "dark"\nplace = "31.82, 117.23"\n'
    duty = loaded(tmp_path, GOOD + asked).signage.lamp_duty
    assert (duty.always, duty.place) == (False, (31.82, 117.23))
    assert loaded(tmp_path, GOOD).signage.lamp_duty.always


def test_a_sign_that_the_board_senses_needs_the_board(tmp_path):
    with pytest.raises(SetupError, match="set its port"):
        loaded(tmp_path, GOOD + '[signage]\ndriver = "board"\n')
