"""The log of rules and the router: what was applied comes into force, what the file says is entered, a shadow has no effect."""

import asyncio
import dataclasses
import itertools
import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from services.chassis import reload
from services.chassis.files import Watched
from services.console.rules import running
from services.router import drafts, replay, rulebook, rules, rulewatch
from services.router.inforce import InForce
from services.router.rulebook import Entering, Entry
from services.router.state import State
from tests.integration.router import rig
from tests.integration.router.rig import CITY, Rig

TAKEN_BY = "\n  - {{id: {id}, note: a test, when: {{words: {{any: [公园草坪]}}, kind: [complaint], bounces: {{max: 0}}}}, then: {{lead: {lead}}}}}\n"


@pytest.fixture
def city(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CITY, tmp_path / "city"))


def written(city: Path, id_: str, lead: str) -> str:
    return (city / "rules.yaml").read_text(encoding="utf-8") + TAKEN_BY.format(id=id_, lead=lead)


def watch(router: Rig, city: Path, newest: Entry | None = None, ever: frozenset[str] = frozenset()) -> State:
    """The router's state, its files elsewhere, as at a start."""
    ours = router.running.state
    ours.inforce = InForce(city, newest, ever)
    ours.watched = Watched(ours.inforce.load)
    return ours


async def looked(router: Rig) -> str:
    """The digest in force after one look."""
    state: State = router.running.state
    await reload.look(state.watched, asked=True)
    await rulewatch.look(state, router.pool)
    return state.law.rules.digest


async def apply(router: Rig, body: str, city: Path, source: str = rulebook.APPLY) -> Entry:
    listed = drafts.kept(body, "x", drafts.city(city))
    async with router.pool.acquire() as conn:
        entering = Entering(rules.digest(listed), body, listed, source, "somebody", "because")
        return await rulebook.enter(conn, entering, None)


async def log(router: Rig) -> list[tuple[str, str]]:
    rows = await router.pool.fetch(rulebook.SQL["log"], 20)
    return [(row["source"], row["digest"]) for row in reversed(rows)]


async def test_the_file_found_at_the_start_is_entered_once(router: Rig, city: Path) -> None:
    ours = watch(router, city)
    first = await looked(router)
    assert await log(router) == [("file", first)]
    await looked(router)
    watch(router, city, await rulebook.newest(router.pool), await rulebook.ever(router.pool))
    assert await looked(router) == first
    assert await log(router) == [("file", first)]
    assert ours.law.rules.digest == first


async def test_a_changed_file_is_entered_with_what_it_changed(router: Rig, city: Path) -> None:
    watch(router, city)
    first = await looked(router)
    (city / "rules.yaml").write_text(written(city, "mine", "police"), encoding="utf-8")
    second = await looked(router)
    assert await log(router) == [("file", first), ("file", second)]
    [row] = await router.pool.fetch("SELECT author, note, diff FROM rule_log WHERE digest = $1", second)
    assert (row["author"], row["note"]) == ("file", "the file was changed")
    assert row["diff"].startswith("@@ mine @@\n+ id: mine\n")


async def test_what_is_applied_decides_and_the_old_file_does_not(router: Rig, city: Path) -> None:
    watch(router, city)
    first = await looked(router)
    entry = await apply(router, written(city, "mine", "police"), city)
    assert await looked(router) == entry.digest != first
    now = router.now()
    await router.take(rig.submission("a", now))
    assert await router.pool.fetchval("SELECT holder FROM cases") == "police"
    # another router starts: its file says what was in force before
    watch(router, city, await rulebook.newest(router.pool), await rulebook.ever(router.pool))
    assert await looked(router) == entry.digest


async def test_the_file_wins_again_when_it_changes_after_that(router: Rig, city: Path) -> None:
    watch(router, city)
    await looked(router)
    applied = await apply(router, written(city, "mine", "police"), city)
    assert await looked(router) == applied.digest
    (city / "rules.yaml").write_text(written(city, "theirs", "housing"), encoding="utf-8")
    changed = await looked(router)
    assert changed != applied.digest
    assert (await log(router))[-1] == ("file", changed)


async def test_of_two_routers_that_see_the_file_change_one_enters_it(router: Rig, city: Path) -> None:
    """The second sees the change after somebody has applied another set already."""
    watch(router, city)
    await looked(router)
    one = router.running.state.inforce
    (city / "rules.yaml").write_text(written(city, "mine", "police"), encoding="utf-8")
    other = InForce(city, await rulebook.newest(router.pool), await rulebook.ever(router.pool))
    other._file, other._rules, other._seen_after = one._file, one._rules, one.id
    await looked(router)
    applied = await apply(router, written(city, "theirs", "housing"), city)
    router.running.state.inforce, router.running.state.watched = other, Watched(other.load)
    await looked(router)
    assert await looked(router) == applied.digest
    assert [source for source, _ in await log(router)] == ["file", "file", "apply"]


async def test_a_set_that_no_longer_fits_the_city_is_refused_and_the_old_one_stays(
    router: Rig, city: Path
) -> None:
    ours = watch(router, city)
    first = await looked(router)
    body = written(city, "mine", "police")
    async with router.pool.acquire() as conn:
        listed = drafts.kept(body, "x", drafts.city(city))
        await rulebook.enter(
            conn,
            Entering("0" * 64, body.replace("police}", "nobody-we-know}"), listed, "apply", "a", "b"),
            None,
        )
    assert await looked(router) == first
    assert "nobody-we-know" in (ours.watched.last_error or "")
    watch(router, city, await rulebook.newest(router.pool), await rulebook.ever(router.pool))
    assert router.running.state.law.rules.digest == first


async def test_a_rollback_is_an_entry_like_any_other(router: Rig, city: Path) -> None:
    watch(router, city)
    first = await looked(router)
    await apply(router, written(city, "mine", "police"), city)
    await looked(router)
    await apply(router, (city / "rules.yaml").read_text(encoding="utf-8"), city, rulebook.ROLLBACK)
    assert await looked(router) == first
    assert [source for source, _ in await log(router)] == ["file", "apply", "rollback"]


async def test_two_at_once_take_turns(router: Rig, city: Path) -> None:
    bodies = [written(city, f"mine-{n}", "police") for n in range(4)]
    await asyncio.gather(*(apply(router, body, city) for body in [*bodies, *bodies]))
    entries = await log(router)
    assert all(a[1] != b[1] for a, b in itertools.pairwise(entries))


async def test_a_shadow_is_counted_and_changes_nothing(router: Rig, city: Path) -> None:
    watch(router, city)
    first = await looked(router)
    body = written(city, "mine", "police")
    digest = rules.digest(drafts.kept(body, "x", drafts.city(city)))
    await router.pool.execute(rulebook.SQL["begin_shadow"], digest, body, "somebody")
    assert await looked(router) == first
    now = router.now()
    await router.take(rig.submission("a", now), rig.submission("b", now, text="孩子读书的事"))
    await looked(router)
    holders = {row["holder"] for row in await router.pool.fetch("SELECT holder FROM cases")}
    assert "police" not in holders
    [row] = await router.pool.fetch(rulebook.SQL["report_shadow"])
    assert (row["compared"], row["moved"], row["nobody"], row["failed"]) == (2, 1, 0, 0)
    [case] = await router.pool.fetch(rulebook.SQL["differences"], 10)
    assert (case["shadow"], case["shadow_rule"]) == ("police", "mine")
    await router.pool.execute(rulebook.SQL["end_shadow"])
    await looked(router)
    assert await router.pool.fetch(rulebook.SQL["differences"], 10) == []
    await router.take(rig.submission("c", now))
    assert router.running.state.shadow.taken() is None


async def test_a_shadow_that_does_not_fit_is_said_and_routing_goes_on(router: Rig, city: Path) -> None:
    watch(router, city)
    await router.pool.execute(rulebook.SQL["begin_shadow"], "0" * 64, "rules: nonsense", "somebody")
    await looked(router)
    await router.take(rig.submission("a", router.now()))
    assert await router.pool.fetchval("SELECT count(*) FROM cases") == 1


async def test_differences_are_bounded(router: Rig) -> None:
    await router.pool.execute(rulebook.SQL["begin_shadow"], "0" * 64, "…", "somebody")
    one = rulebook.Difference(rig.submission("a", router.now()).case_id, "1", None, None, "police", "mine")
    for _ in range(3):
        async with router.pool.acquire() as conn:
            await rulebook.add_to_shadow(conn, "0" * 64, rulebook.Sums(500, 500), [one] * 500)
    assert await router.pool.fetchval("SELECT count(*) FROM rule_shadow_case") == rulebook.DIFFERENCES_KEPT
    assert await router.pool.fetchval("SELECT compared FROM rule_shadow") == 1500


async def test_cases_of_the_running_system_through_a_candidate(router: Rig, city: Path) -> None:
    now = router.now()
    await router.take(
        rig.submission("a", now),
        rig.submission("b", now, text="孩子读书的事"),
        rig.submission("c", now, text="……"),
    )
    body = written(city, "mine", "police")
    duty = dataclasses.replace(drafts.city(city), rules=drafts.kept(body, "x", drafts.city(city)))
    async with router.pool.acquire() as conn:
        rows = await rulebook.history(conn, now - timedelta(days=30), page=2)
        none = await rulebook.history(conn, now + timedelta(days=1))
    found = replay.cases(duty, running.kept(rows))
    assert (len(rows), len(none), found.rows + found.unowned) == (3, 0, 3)
    [moved] = found.matrix()
    assert (moved.target, moved.cases) == ("police", 1)
