"""Places, consent, retention, sign: what the tables forbid."""

import pytest

from viewkeeper.agent.core.policy.configuration import RETENTION_FLOOR_DAYS, check_config, findings
from viewkeeper.agent.core.policy.places import BY_CODE, PLACE_CLASSES, Ruling
from viewkeeper.agent.core.policy.rules import PROPOSED, Force, Grade
from viewkeeper.protocol.errors import OrderRefusal, Reason
from viewkeeper.protocol.vectors import workshop as w
from viewkeeper.protocol.vocabulary import Regime

PROHIBITED = [place.code for place in PLACE_CLASSES if place.ruling is Ruling.PROHIBITED]


def refusal(**changes):
    with pytest.raises(OrderRefusal) as caught:
        check_config(w.config(**changes))
    return caught.value


def test_the_lists_have_as_many_classes_as_the_law_names():
    initials = [place.code[0] for place in PLACE_CLASSES]
    assert {letter: initials.count(letter) for letter in "MXAP"} == {
        "M": 14,
        "X": 5,
        "A": 5,
        "P": 4,
    }
    assert len(BY_CODE) == len(PLACE_CLASSES)


def test_a_configuration_in_order_has_no_findings():
    assert check_config(w.config()) == ()


@pytest.mark.parametrize("code", PROHIBITED)
def test_no_camera_in_a_prohibited_place_whatever_else_it_is(code):
    error = refusal(codes=("A1", "M01", code))
    assert error.reason is Reason.PROHIBITED_PLACE
    assert "Art. 8" in error.hint
    for regime in Regime:
        assert refusal(codes=(code,), regime=regime).reason is Reason.PROHIBITED_PLACE


@pytest.mark.parametrize("code", ["M15", "M1", "X01", "X001", "Z9", "A0", "A6", "P5", "X6"])
def test_a_code_that_is_in_no_list_is_refused(code):
    assert refusal(codes=("A1", code)).reason is Reason.UNKNOWN_PLACE


@pytest.mark.parametrize("regime", [Regime.ART7, Regime.ART9])
def test_footage_is_kept_thirty_days(regime):
    for days in (0, 1, 29):
        error = refusal(retention_days=days, regime=regime)
        assert error.reason is Reason.RETENTION_TOO_SHORT
    assert check_config(w.config(retention_days=30, regime=regime)) == ()


def test_a_private_place_has_no_floor_from_these_rules():
    assert check_config(w.config(retention_days=0, regime=Regime.NONPUBLIC)) == ()


def test_near_a_secret_unit_its_consent_is_needed():
    assert refusal(near_secret_unit=True).reason is Reason.CONSENT_MISSING
    check_config(w.config(near_secret_unit=True, consent="CONSENT 3"))


def test_an_article_7_camera_without_an_article_7_code_is_remarked_not_refused():
    (remark,) = check_config(w.config(codes=("M01",)))
    assert remark.rule.force is Force.REMARK
    assert remark.rule.sources == PROPOSED


def test_a_blank_sign_text_is_refused():
    assert refusal(operator="　 ").reason is Reason.SIGN_TEXT


def test_a_prohibited_place_is_named_before_anything_else():
    found = findings(w.config(codes=("Z9", "X1"), retention_days=1))
    assert found[0].rule.id == "place.allowed"
    assert len(found) == 4


def test_a_proposal_is_never_given_an_article():
    rules = {finding.rule for finding in findings(w.config(codes=("Z9", "X1"), retention_days=1))}
    rules |= {rule for _, rule in RETENTION_FLOOR_DAYS.values() if rule is not None}
    for rule in rules:
        proposed = [source.grade is Grade.PROPOSAL for source in rule.sources]
        assert proposed == [source.article == "–" for source in rule.sources], rule.id
        assert any(proposed) == (rule.sources == PROPOSED), rule.id
        assert rule.text_zh
        assert rule.text_en
