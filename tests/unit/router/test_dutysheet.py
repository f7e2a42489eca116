"""A city's table of duties to rules and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router import dutysheet
from services.router.conditions import When
from services.router.dutysheet import Reading
from services.router.rules import Rule, Then
from tests.unit.router import town

CITY = town.city()
HEADER = ("事项", "主办单位", "协办", "依据", "区域")


def read(*cells: str) -> Reading:
    return dutysheet.read(HEADER, [(2, cells)], CITY)


def test_a_line_becomes_a_rule() -> None:
    [rule] = read("公园 / 草坪", "parks局", "roads局、biling-street", "条例第三条", "碧岭街道").rules
    assert rule.when == When(category=("公园/草坪",), area=("ps/biling",))
    assert rule.then == Then(lead="parks", assists=("roads", "biling-street"))
    assert rule.note == "条例第三条"


def test_an_item_by_its_own_name_and_several_in_a_cell() -> None:
    [rule] = read("草坪；道路、坑洞", "parks局", "", "", "全区").rules
    assert rule.when.category == ("公园/草坪", "道路", "道路/坑洞")
    assert rule.when.area == ()
    assert rule.note == dutysheet.NO_BASIS


def test_a_short_line_is_a_line() -> None:
    assert read("公园", "parks局").rules[0].then.lead == "parks"


@pytest.mark.parametrize(
    ("cells", "column", "said"),
    [
        (("公圆", "parks局"), "事项", "did you mean 公园?"),
        (("", "parks局"), "事项", "names no item"),
        (("公园", ""), "主办", "is empty"),
        (("公园", "没有的局"), "主办", "no department"),
        (("公园", "parks局", "没有的局"), "协办", "no department"),
        (("公园", "parks局", "parks局"), "协办", "assist itself"),
        (("公园", "parks局", "", "", "火星街道"), "区域", "no area"),
        (("公园", "parks局", "", "字" * 301), "依据", "300"),
    ],
)
def test_what_cannot_be_read_is_said_and_the_line_left_out(
    cells: tuple[str, ...], column: str, said: str
) -> None:
    found = read(*cells)
    assert not found.rules
    [unread] = found.unread
    assert (unread.line, unread.column) == (2, column)
    assert said in unread.reason


def test_every_cell_of_a_bad_line_is_told() -> None:
    assert [one.column for one in read("公圆", "没有的局", "", "", "火星").unread] == ["事项", "区域", "主办"]


def test_two_lines_of_one_item_have_two_ids_the_same_every_time() -> None:
    rows = [(2, ("公园", "parks局")), (3, ("公园", "roads局"))]
    first, again = dutysheet.read(HEADER, rows, CITY), dutysheet.read(HEADER, rows, CITY)
    assert len({rule.id for rule in first.rules}) == 2
    assert first.rules == again.rules


def test_rules_that_say_more_than_a_table_can_are_named() -> None:
    lines, left_out = dutysheet.write((Rule.model_validate(one) for one in town.RULES), CITY)
    assert left_out == ["holes", "nobody"]
    assert lines[1] == ("lawns-biling", "公园/草坪", "biling-street局", "parks局", "because", "碧岭街道")


SLUGS = [row.slug for row in CITY.departments]


@st.composite
def plain_rules(draw: st.DrawFn) -> list[Rule]:
    ids = draw(st.lists(st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,9}\Z"), max_size=5, unique=True))
    found = []
    for id_ in ids:
        lead, *assists = draw(st.permutations(SLUGS))
        found.append(Rule(
            id=id_, note=draw(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=30).filter(_kept)),
            when=When(
                category=draw(st.lists(st.sampled_from(town.CATEGORIES), min_size=1, max_size=3, unique=True)),
                area=draw(st.lists(st.sampled_from([area.code for area in CITY.areas]), max_size=3, unique=True)),
            ),
            then=Then(lead=lead, assists=tuple(assists[: draw(st.integers(0, 2))])),
        ))  # fmt: skip
    return found


def _kept(note: str) -> bool:
    return note == note.strip()


@given(plain_rules())
def test_there_and_back(rules: list[Rule]) -> None:
    lines, left_out = dutysheet.write(rules, CITY)
    found = dutysheet.read(tuple(dutysheet.COLUMNS), enumerate(lines, 2), CITY)
    assert (found.rules, found.unread, left_out) == (rules, [], [])
