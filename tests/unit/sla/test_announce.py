"""Events of clocks: the same happening is the same event, whoever fires it and whenever."""

from services.contracts.commands import COMMAND
from services.contracts.events import ClockBreached, ClockCorrected, ClockEscalated, ClockStopped, ClockWarned
from services.sla import announce, decide
from services.sla.clocks import Finished, Reached
from tests.unit.sla import sample
from tests.unit.sla.sample import CASE, LI, at
from tests.unit.sla.test_plain import transaction_at


def test_rungs_name_unit_handler_and_audience() -> None:
    clock = decide.opened(CASE, sample.registered())[0].clock
    clock = decide.after(clock, sample.dispatched(at("09:01"), "a")).clock
    clock = decide.after(clock, sample.accepted(at("09:02"), "a", LI)).clock
    turn = decide.climb([clock], at("11:00"), at("11:00"), at("11:00"))[0]
    events = [announce.event(each) for each in turn.happened]
    assert [type(event) for event in events] == [
        ClockWarned,
        ClockWarned,
        ClockBreached,
        ClockEscalated,
        ClockEscalated,
    ]
    warned = events[0]
    assert isinstance(warned, ClockWarned)
    assert (warned.holder, warned.handler, warned.audiences) == ("a", LI, sample.LADDER[0].audience)
    assert (warned.late_by, warned.rung_at, warned.fired_at) == (105 * 60, at("09:15"), at("11:00"))
    assert (warned.category, warned.area) == ("市容环卫/占道经营", "pingshan/biling")


def test_a_rungs_cause_is_its_clock_and_percent() -> None:
    clock = decide.opened(CASE, sample.registered())[0].clock
    early = decide.climb([clock], at("09:15"), at("09:15"), at("09:15"))[0].happened[0]
    late = decide.climb([clock], at("12:00"), at("12:00"), None)[0].happened[0]
    assert isinstance(early, Reached)
    assert announce.cause(early) == announce.cause(late) == f"{clock.clock_id}:50"


def test_stopped_tells_outcome_and_elapsed() -> None:
    clock = decide.opened(CASE, sample.registered())[0].clock
    happened = decide.after(clock, sample.responded(at("09:12"), "a")).happened
    assert isinstance(happened[0], Finished)
    event = announce.event(happened[0])
    assert isinstance(event, ClockStopped)
    assert (event.outcome, event.elapsed_seconds, event.holder) == ("met", 720, "a")


def test_corrected_names_the_act_and_the_breach() -> None:
    clock = decide.opened(CASE, sample.registered())[0].clock
    clock = decide.climb([clock], at("09:31"), at("09:31"), at("09:31"))[0].clock
    event = announce.event(
        decide.after(clock, sample.responded(at("09:29"), "a", late_taken=True)).happened[0]
    )
    assert isinstance(event, ClockCorrected)
    assert (event.acted_at, event.breached_at, event.department) == (at("09:29"), at("09:31"), "a")


def test_a_rung_that_says_so_asks_the_router_once_under_one_id() -> None:
    ladder = (*sample.LADDER[:3], *(
        rung.model_copy(update={"then": then}) for rung, then in zip(sample.LADDER[3:], ("raise", "supervise"), strict=True)
    ))  # fmt: skip
    registered = sample.registered()
    registered = registered.model_copy(update={"plan": registered.plan.model_copy(update={"ladder": ladder})})
    clock = decide.opened(CASE, registered)[0].clock
    clock = decide.after(clock, sample.dispatched(at("09:01"), "a")).clock
    turn = decide.climb([clock], at("11:00"), at("11:00"), at("11:00"))[0]
    tx = transaction_at(at("11:00"))
    for happening in turn.happened:
        announce.emit(tx, happening)
    bodies = [COMMAND.validate_json(value) for value in tx.outgoing["suban.commands.sla.v1"].values]
    assert [(one.command, one.command_id) for one in bodies] == [
        ("raise", f"{clock.clock_id}:150"),
        ("supervise", f"{clock.clock_id}:200"),
    ]
    assert bodies[0].model_dump()["department"] == "a"
    assert "150%" in bodies[0].model_dump()["reason"]
