"""Who may see a contact."""

import pytest

from services.contracts.values import Kind
from services.notify import reveal
from services.notify.reveal import Facts, Granted, Refused, Why

OPEN = Facts(known=True, kind=Kind.COMPLAINT, holder="housing", has_contact=True, anonymous=False, asked=0)


def ask(principal: str, **facts: object) -> Why:
    changed = Facts(**{name: getattr(OPEN, name) for name in Facts.__slots__} | facts)
    verdict = reveal.decide(principal, changed, "dispatch-desk", 30)
    assert isinstance(verdict, Granted | Refused)
    return verdict.reason


@pytest.mark.parametrize(
    ("principal", "facts", "why"),
    [
        ("department:housing", {}, Why.GRANTED),
        ("department:health", {}, Why.NOT_YOURS),
        ("department:housing", {"holder": None}, Why.NOT_YOURS),
        ("department:dispatch-desk", {}, Why.GRANTED),
        ("desk:duty", {"holder": None}, Why.GRANTED),
        ("channel:housing", {}, Why.NOT_A_DEPARTMENT),
        ("operator:root", {}, Why.NOT_A_DEPARTMENT),
        ("department:housing", {"kind": Kind.REPORT}, Why.REPORTER_PROTECTED),
        ("department:housing", {"anonymous": True}, Why.REPORTER_PROTECTED),
        ("desk:duty", {"kind": Kind.REPORT}, Why.GRANTED),
        ("department:housing", {"has_contact": False}, Why.NO_CONTACT),
        ("department:housing", {"known": False}, Why.UNKNOWN_CASE),
        ("department:housing", {"asked": 30}, Why.TOO_MANY),
    ],
)
def test_verdicts(principal: str, facts: dict[str, object], why: Why) -> None:
    assert ask(principal, **facts) is why


def test_a_report_of_somebody_elses_case_does_not_say_that_it_is_one() -> None:
    assert ask("department:health", kind=Kind.REPORT) is Why.NOT_YOURS


def test_every_refusal_has_its_words() -> None:
    assert set(reveal.ANSWERS) == set(Why) - {Why.GRANTED} - set(reveal.SAID_AS)
