"""Quiet hours: when a citizen's telephone does not ring for us. The city's local time; staff have none."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.contracts import shifts


@dataclass(frozen=True, slots=True)
class QuietHours:
    """`begin` to `end`, minutes of the local day; `begin` > `end` passes midnight."""

    begin: int
    end: int
    zone: ZoneInfo

    def ends_after(self, now: datetime) -> datetime | None:
        """When the quiet that holds at `now` ends (aware, UTC); None when it is not quiet."""
        local = now.astimezone(self.zone)
        minute = local.hour * 60 + local.minute
        if not self._holds(minute):
            return None
        day = local.date() if minute < self.end else local.date() + timedelta(days=1)
        end = datetime.combine(day, time(self.end // 60 % 24, self.end % 60), tzinfo=self.zone)
        return end.astimezone(now.tzinfo)

    def _holds(self, minute: int) -> bool:
        if self.begin < self.end:
            return self.begin <= minute < self.end
        return minute >= self.begin or minute < self.end


def read(hours: str, zone: ZoneInfo) -> QuietHours:
    """`22:00-07:00`. Raises pydantic's city_data fault for what is not two times."""
    begin, end = shifts.read_hours(hours)
    return QuietHours(begin, end % shifts.DAY, zone)
