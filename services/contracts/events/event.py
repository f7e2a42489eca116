"""What every event is."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Event(BaseModel):
    """The data of one event. `TYPE` is its name on the wire, `TOPIC` the topic (template) it is written to."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    TYPE: ClassVar[str] = ""
    TOPIC: ClassVar[str] = ""
