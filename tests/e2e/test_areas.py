"""From coordinates on a Chinese map, through both services, to an owner, and to whoever answers for the place."""

from tests.e2e.world import World, until

LIGHTS = "市政设施/公用部件/路灯"
MAP_POINT = {"lat": 22.7353, "lon": 114.3555, "datum": "GCJ02"}  # in 龙田街道; the text says which community


def test_a_point_and_the_text_find_the_community_and_its_owner_sees_the_case(world: World) -> None:
    told = world.submit("at-pingshan", category=LIGHTS, text="竹坑路口的路灯不亮了", place=MAP_POINT)
    case = world.until_state(told["case_id"], "dispatched")
    assert (case["area"], case["area_owner"]) == ("pingshan/longtian/zhukeng", "zhukeng-community")
    why = world.ask("router", "GET", f"/v1/cases/{told['case_id']}/why", "desk:duty").json()
    assert why["area_by"] == "point+text"
    seen = world.ask("router", "GET", f"/v1/cases/{told['case_id']}", "department:zhukeng-community")
    assert seen.status_code == 200
    letter = next(
        one.data()
        for one in until(lambda: world.records(told["case_id"], f"suban.assignments.{case['holder']}."))
    )
    assert (letter["area"], letter["area_owner"]) == (case["area"], case["area_owner"])
    if case["holder"] != "zhukeng-community":
        assert not world.records(told["case_id"], "suban.assignments.zhukeng-community.")


def test_the_code_on_the_wall_says_where_when_nothing_else_does(world: World) -> None:
    told = world.submit("qr-shahu-market", text="地上有积水，很滑")
    case = world.until_state(told["case_id"], "dispatched")
    why = world.ask("router", "GET", f"/v1/cases/{told['case_id']}/why", "desk:duty").json()
    assert (case["area"], why["area_by"]) == ("pingshan/biling/shahu", "preset")
