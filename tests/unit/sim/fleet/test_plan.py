import pytest

from viewkeeper.sim.errors import SimError
from viewkeeper.sim.fleet.plan import Fault, FaultKind, Plan


def test_a_fault_is_written_as_it_is_said():
    assert Fault.parse("power-cut@60+15") == Fault(FaultKind.POWER_CUT, 60, 15)
    assert Fault.parse("link-cut@5") == Fault(FaultKind.LINK_CUT, 5, 10)


@pytest.mark.parametrize("text", ["power-cut", "flood@5", "power-cut@x", "power-cut@5+-1", ""])
def test_a_fault_nobody_knows_is_refused_with_the_ones_there_are(text: str):
    with pytest.raises(SimError, match="power-cut"):
        Fault.parse(text)


@pytest.mark.parametrize(
    "wrong",
    [
        {"cameras": 0},
        {"cameras": 100_000},
        {"seconds": 0},
        {"period_s": 0.01},
        {"connects_per_s": 5},
        {"slow_share": 0.9},
        {"events_per_hour": -1},
        {"faults": (Fault(FaultKind.POWER_CUT, 55, 10),)},
    ],
)
def test_a_plan_that_cannot_be_lived_is_refused(wrong: dict[str, object]):
    with pytest.raises(SimError):
        Plan(**{"cameras": 10, "seconds": 60, **wrong})  # type: ignore[arg-type]


def test_the_spread_grows_with_the_fleet_and_shrinks_with_the_rate():
    few, many = (Plan(cameras=n, seconds=60).spread_s for n in (100, 1000))
    assert many == pytest.approx(10 * few)
    assert Plan(cameras=100, seconds=60, connects_per_s=400).spread_s < few / 2
