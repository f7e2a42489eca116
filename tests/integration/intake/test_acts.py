"""What a citizen adds, and how a request stands: own requests only."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from services.chassis.service import Received
from services.chassis.transaction import Tx
from services.contracts import ids
from services.contracts.envelope import Envelope
from services.contracts.events import (
    ActReceived,
    CaseAccepted,
    CaseClosed,
    CaseEvent,
    CaseRegistered,
    CaseResolved,
    CaseResponded,
)
from services.contracts.ids import CaseId
from services.contracts.plans import Plan
from services.contracts.values import (
    ActKind,
    ChannelKind,
    Holder,
    Kind,
    ResolutionKind,
    ResponseBasis,
    Segment,
    State,
)
from services.intake import handlers
from tests.integration.intake.rig import Intake, request

NINE = datetime(2026, 11, 22, 1, tzinfo=UTC)
DESK, ROADS = Holder(unit="dispatch-desk", is_desk=True), Holder(unit="biling-street", is_desk=False)


async def taken(intake: Intake) -> dict[str, str]:
    receipt: dict[str, str] = (await intake.post("/v1/requests", request())).json()
    return receipt


async def test_an_act_is_journaled_announced_and_answered_the_same_again(intake: Intake) -> None:
    receipt = await taken(intake)
    path = f"/v1/requests/{receipt['case_id']}/acts"
    first = await intake.post(path, {"act_id": "a-1", "kind": "supplement", "text": "就在学校门口"})
    again = await intake.post(
        f"/v1/requests/{receipt['number']}/acts",
        {"kind": "supplement", "text": "就在学校门口", "act_id": "a-1"},
    )
    other = await intake.post(path, {"act_id": "a-1", "kind": "urge"})
    assert (first.status_code, again.json(), other.status_code) == (202, first.json(), 422)
    assert other.json()["type"] == "urn:suban:problem:repeated_otherwise"
    _, (head, data) = await intake.announced()
    assert isinstance(data, ActReceived)
    assert (str(head.case_id), head.causation_id, data.kind) == (
        receipt["case_id"],
        data.act_id,
        ActKind.SUPPLEMENT,
    )
    assert data.act_id == first.json()["act_id"]
    assert await intake.count("act") == 1


async def test_an_act_is_refused_with_the_field_named(intake: Intake) -> None:
    path = f"/v1/requests/{(await taken(intake))['case_id']}/acts"
    assert (await intake.post(path, {"kind": "urge"})).json()["field"] == "act_id"
    assert (await intake.post(path, {"kind": "rate", "rating": 6, "act_id": "1"})).json()["limit"] == 5
    assert (await intake.post(path, {"kind": "rate", "act_id": "1"})).status_code == 422
    assert (await intake.post(path, {"kind": "supplement", "text": "a\x00", "act_id": "1"})).json()[
        "field"
    ] == "text"
    assert (await intake.post(path, b"{")).status_code == 400
    assert (await intake.post(path, {"kind": "urge"}, content_type="text/plain")).status_code == 415
    assert (await intake.post(path, {"kind": "urge"}, idempotency_key="k-1")).status_code == 202
    assert await intake.count("act") == 1


async def test_another_channel_s_request_does_not_exist(intake: Intake) -> None:
    receipt = await taken(intake)
    for name in (receipt["case_id"], receipt["number"], "nonsense"):
        channel = "web-portal" if name != "nonsense" else "hotline-12345"
        assert (await intake.get(f"/v1/requests/{name}", channel)).status_code == 404
        act = await intake.post(f"/v1/requests/{name}/acts", {"kind": "urge", "act_id": "1"}, channel)
        assert act.status_code == 404
    assert (await intake.get(f"/v1/requests/{receipt['case_id']}", "nobody")).status_code == 401


async def test_how_a_request_stands_follows_the_log(intake: Intake) -> None:
    receipt = await taken(intake)
    path = f"/v1/requests/{receipt['number'].lower()}"
    fresh = (await intake.get(path)).json()
    assert (fresh["state"], fresh["stage"], fresh["holder"], fresh["tracking"]) == (
        "open",
        "received",
        None,
        receipt["tracking"],
    )
    await applied(
        intake, receipt, registered(receipt, plan(intake)), accepted(receipt), responded(receipt, 20)
    )
    then = (await intake.get(path)).json()
    assert (then["state"], then["stage"], then["holder"]) == ("open", "in_progress", "biling-street")
    assert then["holder_name"]["zh"] == "碧岭街道办事处"
    assert datetime.fromisoformat(then["responded_at"]) == NINE + timedelta(minutes=20)
    assert datetime.fromisoformat(then["response_due_at"]) - NINE == plan(intake).response.target
    await applied(intake, receipt, responded(receipt, 40), resolved(receipt), closed(receipt))
    last = (await intake.get(path)).json()
    assert (last["state"], last["public_text"]) == ("closed", "已清理。")
    assert last["responded_at"] == then["responded_at"]
    assert last["close_due_at"] == then["close_due_at"]


def plan(intake: Intake) -> Plan:
    from services.chassis import files
    from services.contracts import plans

    loaded = files.load(intake.running.plumbing.city_dir / "plans.yaml", plans.Plans).value
    return next(row for row in loaded.plans if row.name == loaded.default).promise


async def applied(intake: Intake, receipt: dict[str, str], *events: CaseEvent) -> None:
    case = CaseId(UUID(receipt["case_id"]))
    async with intake.pool.acquire() as conn:
        tx = cast(Tx[Any], type("Tx", (), {"conn": conn}))
        await handlers.on_case_events([
            Received(Envelope(ids.event_id(str(case), event.TYPE, 0), "router", event.TYPE, event.at, case, "", ""), event)
            for event in events
        ], tx)  # fmt: skip


def common(receipt: dict[str, str], minutes: int, state: State, holder: Holder = ROADS) -> dict[str, Any]:
    return {"number": receipt["number"], "at": NINE + timedelta(minutes=minutes), "state": state, "version": 1,
            "holder": holder, "actor": "test"}  # fmt: skip


def registered(receipt: dict[str, str], promise: Plan) -> CaseEvent:
    return CaseRegistered(**common(receipt, 0, State.REGISTERED, DESK), channel="hotline-12345", channel_kind=ChannelKind.HOTLINE,
                          received_at=NINE, kind=Kind.COMPLAINT, segment=Segment.CITIZEN, plan=promise)  # fmt: skip


def accepted(receipt: dict[str, str]) -> CaseEvent:
    return CaseAccepted(**common(receipt, 10, State.ACCEPTED), assignment_id="a", department=ROADS.unit)


def responded(receipt: dict[str, str], minutes: int) -> CaseEvent:
    return CaseResponded(**common(receipt, minutes, State.IN_PROGRESS), department=ROADS.unit, basis=ResponseBasis.PUBLIC_MESSAGE,
                         first=minutes == 20, public_text="正在处理。")  # fmt: skip


def resolved(receipt: dict[str, str]) -> CaseEvent:
    return CaseResolved(
        **common(receipt, 60, State.RESOLVED),
        department=ROADS.unit,
        kind=ResolutionKind.FIXED,
        public_text="已清理。",
    )


def closed(receipt: dict[str, str]) -> CaseEvent:
    return CaseClosed(**common(receipt, 90, State.CLOSED), reason="verified")
