"""Places by point, and the second axis: who answers for the place sees its cases, without a citizen's word."""

from typing import Any

from services.contracts.events import AssignmentOpened, CaseRegistered
from services.contracts.values import Kind
from tests.integration.router.rig import Rig, submission

LONGTIAN = {"lat": 22.7380, "lon": 114.3504, "datum": "WGS84"}
MOVED = {"lat": 22.7353, "lon": 114.3555, "datum": "GCJ02"}  # the same spot on a Chinese map
LIGHTS = {"category": "市政设施/公用部件/路灯"}


async def taken(router: Rig, **more: Any) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Case id, the case and the verdict as the desk sees them."""
    one = submission("k1", router.now(), **{"text": "路灯不亮，我是王小明", **more})
    await router.take(one)
    case = (await router.call("GET", f"/v1/cases/{one.case_id}")).json()
    return str(one.case_id), case, (await router.call("GET", f"/v1/cases/{one.case_id}/why")).json()


async def test_a_point_finds_its_street_in_whatever_datum_and_the_text_what_is_finer(router: Rig) -> None:
    _, case, why = await taken(router, place=LONGTIAN, preset_area="pingshan/biling")
    assert (case["area"], why["area_by"]) == ("pingshan/longtian", "point")
    second = submission("k2", router.now(), place=MOVED, text="竹坑路口积水")
    await router.take(second)
    why = (await router.call("GET", f"/v1/cases/{second.case_id}/why")).json()
    assert (why["area"], why["area_by"]) == ("pingshan/longtian/zhukeng", "point+text")


async def test_the_verdict_keeps_the_tree_it_was_found_in(router: Rig) -> None:
    _, _, why = await taken(router, place=LONGTIAN)
    tree = router.running.state.law.areas
    assert (why["areas_version"], why["areas_digest"]) == (tree.version, tree.digest)


async def test_who_answers_for_the_place_sees_the_case_and_no_word_of_the_citizen(router: Rig) -> None:
    case_id, case, _ = await taken(router, place={"address": "坪山区六联社区"}, **LIGHTS)
    assert case["area_owner"] == "liulian-community"
    assert case["holder"] != "liulian-community"
    seen = await router.call("GET", f"/v1/cases/{case_id}", "liulian-community")
    assert seen.status_code == 200
    assert seen.json()["legal_moves"] == []
    listed = (await router.call("GET", "/v1/cases", "liulian-community")).json()["cases"]
    assert [one["case_id"] for one in listed] == [case_id]
    for path in ("", "/history", "/why"):
        shown = await router.call("GET", f"/v1/cases/{case_id}{path}", "liulian-community")
        assert "王小明" not in shown.text
    (registered,) = (one.data for one in await router.written("case.registered"))
    assert isinstance(registered, CaseRegistered)
    assert registered.area_owner == "liulian-community"
    letters = [one.data for one in await router.written("assignment.opened")]
    assert all(isinstance(one, AssignmentOpened) for one in letters)
    assert {(one.department, one.area_owner) for one in letters if isinstance(one, AssignmentOpened)} == {
        (case["holder"], "liulian-community")
    }


async def test_who_only_sees_it_cannot_move_it(router: Rig) -> None:
    case_id, _, _ = await taken(router, place={"address": "坪山区六联社区"}, **LIGHTS)
    body = {"command": "accept", "command_id": "1"}
    answer = await router.call("POST", f"/v1/cases/{case_id}/commands", "liulian-community", json=body)
    assert (answer.status_code, answer.json()["type"].rpartition(":")[2]) == (403, "not_yours")


async def test_a_report_is_seen_by_those_who_act_on_it_alone(router: Rig) -> None:
    """It may be about the very office that answers for the place."""
    case_id, case, _ = await taken(router, place={"address": "坪山区六联社区"}, kind=Kind.REPORT, **LIGHTS)
    assert case["area_owner"] is None
    assert (await router.call("GET", f"/v1/cases/{case_id}", "liulian-community")).status_code == 404
    assert (await router.call("GET", "/v1/cases", "liulian-community")).json()["cases"] == []


async def test_the_desk_is_shown_what_may_be_the_same_matter_and_nobody_else_is(router: Rig) -> None:
    here: dict[str, Any] = {"place": LONGTIAN | {"address": "竹坑社区12号"}, **LIGHTS}
    first = submission("k1", router.now(), text="竹坑社区12号路灯不亮，我是王小明", **here)
    same = submission("k2", router.now(), text="竹坑社区12号旁边路灯不亮了", **here)
    apart = submission("k3", router.now(), text="碧岭路灯不亮", place={"address": "碧岭街道"}, **LIGHTS)
    await router.take(first, same, apart)
    shown = await router.call("GET", f"/v1/cases/{same.case_id}/similar")
    assert [one["case_id"] for one in shown.json()["similar"]] == [str(first.case_id)]
    assert "王小明" not in shown.text
    holder = (await router.call("GET", f"/v1/cases/{same.case_id}")).json()["holder"]
    assert (await router.call("GET", f"/v1/cases/{same.case_id}/similar", holder)).status_code == 403
    merge = {"command": "merge", "command_id": "m", "into": str(first.case_id), "reason": "同一盏灯"}
    merged = await router.call("POST", f"/v1/cases/{same.case_id}/commands", json=merge)
    assert merged.status_code == 200, merged.text
    assert (await router.call("GET", f"/v1/cases/{first.case_id}/similar")).json()["similar"] == []
