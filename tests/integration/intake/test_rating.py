"""The page that the link in a 回访 message opens: for who has the link, in both languages, without a script."""

from datetime import timedelta

import pytest

from services.contracts.events import ActReceived, CaseWithdrawn
from services.contracts.values import ActKind, State
from services.intake import rating
from tests.integration.intake.rig import Intake
from tests.integration.intake.test_acts import applied, common, plan, registered, resolved, taken

FORM = {"content-type": "application/x-www-form-urlencoded"}


def path(receipt: dict[str, str]) -> str:
    return f"/r/{receipt['number']}/{receipt['tracking']}"


async def done(intake: Intake) -> dict[str, str]:
    receipt = await taken(intake)
    await applied(intake, receipt, registered(receipt, plan(intake)), resolved(receipt))
    return receipt


async def test_one_screen_in_two_languages_with_nothing_of_the_reporter(intake: Intake) -> None:
    receipt = await done(intake)
    zh = await intake.client.get(path(receipt))
    en = await intake.client.get(path(receipt), headers={"accept-language": "en"})
    forced = await intake.client.get(path(receipt) + "?lang=en", headers={"accept-language": "zh"})
    assert (zh.status_code, en.text) == (200, forced.text)
    assert "请您评价" in zh.text
    assert "How well was it done?" in en.text
    for page in (zh.text, en.text):
        assert receipt["number"] in page
        assert "已清理。" in page
        assert "<script" not in page
        assert "139" not in page
        assert page.count('type="radio"') == 5
    assert "script-src" not in zh.headers["content-security-policy"]
    assert zh.headers["content-security-policy"].startswith("default-src 'none'")
    assert zh.headers["referrer-policy"] == "no-referrer"


async def test_a_rating_is_an_act_once_for_each_resolve(intake: Intake) -> None:
    receipt = await done(intake)
    for _ in range(2):
        sent = await intake.client.post(
            path(receipt), content="rating=2&text=%E8%BF%98%E4%B8%8D%E4%BA%AE", headers=FORM
        )
        assert (sent.status_code, "已收到您的评价" in sent.text) == (200, True)
    other = await intake.client.post(path(receipt), content="rating=5", headers=FORM)
    assert "您已评价过" in other.text
    (act,) = [data for _, data in await intake.announced() if isinstance(data, ActReceived)]
    assert (act.kind, act.rating, act.text, act.channel) == (ActKind.RATE, 2, "还不亮", "hotline-12345")
    again = resolved(receipt).model_copy(update={"at": resolved(receipt).at + timedelta(hours=3)})
    await applied(intake, receipt, again)
    assert "已收到" in (await intake.client.post(path(receipt), content="rating=5", headers=FORM)).text
    assert await intake.count("act") == 2


async def test_who_does_not_have_the_link_learns_nothing(intake: Intake) -> None:
    receipt = await done(intake)
    right = path(receipt)
    wrong = right[:-1] + ("A" if right[-1] != "A" else "B")
    unknown = f"/r/20260101-0000-0000/{receipt['tracking']}"
    answers = [await intake.client.get(each) for each in (wrong, unknown, "/r/x/y", "/r/%00/%F0%9F%98%80")]
    assert {one.status_code for one in answers} == {404}
    assert len({one.text for one in answers}) == 1
    assert (await intake.client.post(wrong, content="rating=5", headers=FORM)).status_code == 404
    assert await intake.count("act") == 0
    typed = right.lower().replace("-", "")
    assert (await intake.client.get(typed)).status_code == 200, "however it is typed"


@pytest.mark.parametrize(
    "form", ["", "rating=0", "rating=6", "rating=x", "rating=5&text=%00", "rating=5&text=" + "x" * 2001, "%ff", "x" * 40_000]
)  # fmt: skip
async def test_what_cannot_be_taken_shows_the_form_again(intake: Intake, form: str) -> None:
    receipt = await done(intake)
    answer = await intake.client.post(path(receipt), content=form, headers=FORM)
    assert (answer.status_code, "<form" in answer.text) == (422, True)
    assert await intake.count("act") == 0


async def test_what_is_not_resolved_or_has_ended_is_not_rated(intake: Intake) -> None:
    receipt = await taken(intake)
    assert "正在办理" in (await intake.client.get(path(receipt))).text
    await applied(intake, receipt, CaseWithdrawn(**common(receipt, 5, State.WITHDRAWN), reason="x"))
    page = await intake.client.post(path(receipt), content="rating=5", headers=FORM)
    assert "已结束" in page.text
    assert await intake.count("act") == 0


def test_every_word_is_there_twice() -> None:
    assert all(len(pair) == 2 and all(pair) for pair in rating.WORDS.values())
