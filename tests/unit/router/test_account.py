"""A verdict that stays with the case, and what is said of it."""

from services.contracts.values import Emergency
from services.router import account, areas, decide, explaining
from services.router.account import Account
from services.router.decide import Routed
from services.router.facts import Match, NearMiss
from tests.unit.router import town
from tests.unit.router.town import PARKS, ROADS, STREET, at, law, rule, sent

TREE = areas.index(town.city())


def kept(routed: Routed) -> Account:
    return account.read(account.written(routed, TREE))


def test_what_is_kept_is_what_was_found() -> None:
    known = law(
        rule("old", {"words": {"any": ["老人"]}}, tags="涉老"),
        rule("fire", {"words": {"any": ["着火"]}, "tags": "涉老"}, emergency="fire", lead=ROADS),
        rule("held", {}, hold=True),
    )
    routed = decide.route(known, sent("着火了，老人，着火", place=at("碧岭街道")))
    found = kept(routed)
    assert (
        found.matched == routed.matched == (Match("tags", "涉老"), Match("words", "着火", ((0, 2), (7, 9))))
    )
    assert found.near == routed.near == (NearMiss("held", "emergency", True),)
    assert (found.steps, found.emergency, found.tags) == (routed.steps, Emergency.FIRE, ("涉老",))
    assert (found.area, found.areas) == ("ps/biling", (TREE.version, TREE.digest))
    assert kept(decide.route(known, sent())).hold


def test_what_an_earlier_version_wrote_can_be_read() -> None:
    body = """{"lead": "parks", "assists": [], "rule": "r", "digest": "d", "by": "text", "matched": ["category=公园"],
               "near": [["s", "area"]], "steps": ["rule:r"], "reason": ["甲", "a"]}"""
    found = account.read(body)
    assert found.matched == (Match("category", "公园"),)
    assert found.near == (NearMiss("s", "area"),)


def test_the_sentences_say_who_why_how_and_what_came_near() -> None:
    known = law(
        rule("lawns", {"category": "公园/草坪", "area": "ps/biling"}, lead=STREET),
        rule("parks", {"category": "公园", "words": {"any": ["草"]}}, lead=PARKS),
        rule("far", {"category": "公园/草坪", "area": "ps/pingshan"}, lead=ROADS),
        rule("all", {}, lead=ROADS),
    )
    place = at("碧岭街道")
    lawn = sent("这里草枯了", category="公园/草坪", place=place)
    said = kept(decide.route(known, lawn, 1, [STREET])).sentences(town.city())
    assert said.zh == (
        "按事项清单 parks，由parks局主办。依据：类别“公园”；词语“草”（第 3–3 字）。"
        "相近规则：lawns：条件成立，但该单位已退过此件；far：区域不符或不明；all：条件也成立，但类别较宽。"
    )
    assert said.en == (
        'Duty list parks: Parks leads. Because of: category "公园"; word "草" (characters 3–3). '
        "Nearly: lawns: it holds, but its lead has returned this case; far: the area is another or unknown; "
        "all: it holds too, but its category is wider."
    )


def test_the_way_to_a_fallback_is_told_step_by_step() -> None:
    routed = decide.route(law(), sent("其他", place=at("沙湖社区")), 1, [STREET])
    said = kept(routed).sentences(town.city())
    assert "没有规则认领；查沙湖社区的兜底单位；biling-street局已退过此件；查碧岭街道的兜底单位" in said.zh
    assert said.zh.endswith("交分拨台。")


def test_every_name_the_engine_gives_has_its_words() -> None:
    from services.router import reference, specificity

    names = {name for name, _ in reference.CONDITIONS}
    assert names == set(explaining.LACKING)
    assert {name for name, _ in specificity.LINES} | {"file", "returned_by", "prohibited"} == set(
        explaining.LESS
    )
