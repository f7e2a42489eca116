"""An idle service asks its database nothing, and never for long."""

from datetime import timedelta

from services.sla.agenda import Agenda
from tests.unit.sla.sample import NINE

HOUR = timedelta(hours=1)


def test_an_unknown_shard_is_worth_a_look() -> None:
    assert Agenda(5.0).worth(0, 0.0, None)


def test_nothing_to_do_is_believed_for_a_while() -> None:
    agenda = Agenda(5.0)
    agenda.note(0, None, wall=100.0)
    assert not agenda.worth(0, 104.9, NINE)
    assert agenda.worth(0, 105.0, NINE)


def test_a_rung_is_worth_a_look_once_it_may_fire() -> None:
    agenda = Agenda(5.0)
    agenda.note(0, NINE, wall=100.0)
    assert not agenda.worth(0, 100.1, None)
    assert not agenda.worth(0, 100.1, NINE - HOUR)
    assert agenda.worth(0, 100.1, NINE)


def test_a_new_clock_brings_the_look_forward_and_never_back() -> None:
    agenda = Agenda(5.0)
    agenda.note(0, NINE, wall=100.0)
    agenda.sooner(0, NINE + HOUR)
    assert agenda.worth(0, 100.1, NINE)
    agenda.sooner(0, NINE - HOUR)
    assert agenda.worth(0, 100.1, NINE - HOUR)
