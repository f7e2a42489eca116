"""policy.yaml: what a city leaves to a department, what to its desk, and how much of it. Durations are ISO 8601."""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from services.contracts import faults
from services.contracts.plans import Target, within
from services.contracts.rows import CategoryPath, Row
from services.contracts.values import Asking, PauseReason

Count = Annotated[int, Field(ge=1, le=1000)]
Share = Annotated[float, Field(ge=0, le=1)]


class PauseRule(Row):
    """A listed reason for a pause 暂停计时 / 挂账. `cap` bounds one pause, `case_cap` all of this reason of a case."""

    reason: PauseReason
    approver: bool = True
    cap: Target
    case_cap: Target

    @model_validator(mode="after")
    def _nested(self) -> Self:
        if self.cap > self.case_cap:
            raise faults.fault(
                "one pause is no longer than all of a case", "单次上限不得长于累计上限", ("cap",)
            )
        return self


class ExtensionRule(Row):
    """延期: `cap` bounds one extension, `most` how many a case may have."""

    cap: Target = timedelta(days=15)
    most: Count = 2


class Sample(Row):
    """Which share of resolved cases is verified, and how. No `category`: every case. The first row that fits counts."""

    category: tuple[CategoryPath, ...] = ()
    rate: Share
    ask: Asking = Asking.MESSAGE

    def fits(self, category: str | None) -> bool:
        return not self.category or any(within(category, prefix) for prefix in self.category)


class Verification(Row):
    """回访: asked this long `after` the resolve, closed after so long a silence; a rating below `satisfied_from` is a redo."""

    after: Target = timedelta(hours=1)
    silent_close: Target = timedelta(days=3)
    satisfied_from: Annotated[int, Field(ge=1, le=5)] = 3
    samples: tuple[Sample, ...] = ()

    def sample(self, category: str | None) -> Sample | None:
        return next((row for row in self.samples if row.fits(category)), None)


class RedoRule(Row):
    """重办: a closed case may be reopened within the window.

    `by_citizen`: at so many redos the citizen's word alone does it no more, and the desk is asked; 0: never alone.
    `bad_rating`: a rating below `satisfied_from` that nobody asked for is a redo too; else it is told and kept.
    """

    window: Target = timedelta(days=15)
    by_citizen: Annotated[int, Field(ge=0, le=1000)] = 3
    bad_rating: bool = False


class Flagging(Row):
    """问题工单: at so many returns or redos a case is flagged and the level above is told."""

    bounces: Count = 3
    redos: Count = 3


class WhistleRule(Row):
    """吹哨报到: which levels may convene others, how soon these must be there, and how many at once."""

    levels: tuple[Annotated[str, Field(min_length=1, max_length=40)], ...] = ("street", "community")
    arrive_within: Target = timedelta(minutes=30)
    most: Annotated[int, Field(ge=1, le=100)] = 20


class Likeness(Row):
    """并单建议: when two open cases are shown to the desk as perhaps one matter. Nothing is ever merged by itself.

    A score from 0 to 1, the parts weighted: words, place (nothing beyond `reach_metres`), category, and time (nothing
    beyond `window`). `suggest_from`: below it nothing is suggested; `most`: how many at once.
    """

    suggest_from: Share = 0.7
    window: Target = timedelta(days=7)
    reach_metres: Annotated[float, Field(gt=0, le=10_000)] = 300
    text: Share = 0.4
    place: Share = 0.35
    category: Share = 0.15
    time: Share = 0.1
    most: Annotated[int, Field(ge=1, le=50)] = 10

    @model_validator(mode="after")
    def _something_counts(self) -> Self:
        if self.text + self.place + self.category + self.time <= 0:
            raise faults.fault("one of the four parts must count", "四项权重不得全为零", ("text",))
        return self


class Policy(Row):
    """policy.yaml. `assists_report`: a lead resolves only when every assisting department has reported or is waived."""

    pauses: tuple[PauseRule, ...] = ()
    extension: ExtensionRule = ExtensionRule()
    verification: Verification = Verification()
    redo: RedoRule = RedoRule()
    flagging: Flagging = Flagging()
    whistle: WhistleRule = WhistleRule()
    likeness: Likeness = Likeness()
    assists_report: bool = False

    @model_validator(mode="after")
    def _each_reason_once(self) -> Self:
        if places := faults.repeated((row.reason for row in self.pauses), "pauses", "reason"):
            raise faults.fault("this reason stands here already", "该理由重复", *places)
        return self

    def pause(self, reason: PauseReason) -> PauseRule | None:
        return next((row for row in self.pauses if row.reason is reason), None)
