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
    """重办: a closed case may be reopened within the window."""

    window: Target = timedelta(days=15)


class Flagging(Row):
    """问题工单: at so many returns or redos a case is flagged and the level above is told."""

    bounces: Count = 3
    redos: Count = 3


class WhistleRule(Row):
    """吹哨报到: which levels may convene others, how soon these must be there, and how many at once."""

    levels: tuple[Annotated[str, Field(min_length=1, max_length=40)], ...] = ("street", "community")
    arrive_within: Target = timedelta(minutes=30)
    most: Annotated[int, Field(ge=1, le=100)] = 20


class Policy(Row):
    """policy.yaml. `assists_report`: a lead resolves only when every assisting department has reported or is waived."""

    pauses: tuple[PauseRule, ...] = ()
    extension: ExtensionRule = ExtensionRule()
    verification: Verification = Verification()
    redo: RedoRule = RedoRule()
    flagging: Flagging = Flagging()
    whistle: WhistleRule = WhistleRule()
    assists_report: bool = False

    @model_validator(mode="after")
    def _each_reason_once(self) -> Self:
        if places := faults.repeated((row.reason for row in self.pauses), "pauses", "reason"):
            raise faults.fault("this reason stands here already", "该理由重复", *places)
        return self

    def pause(self, reason: PauseReason) -> PauseRule | None:
        return next((row for row in self.pauses if row.reason is reason), None)
