"""What every event is, and how one is made and written where it runs for every case."""

from collections.abc import Callable
from typing import Any, ClassVar, ParamSpec, TypeVar, cast

import orjson
from pydantic import BaseModel, ConfigDict
from pydantic_core import to_jsonable_python

from services.contracts.plans import Plan
from services.contracts.values import Value

P = ParamSpec("P")
E = TypeVar("E", bound="Event")


class Event(BaseModel):
    """The data of one event. `TYPE` is its name on the wire, `TOPIC` the topic (template) it is written to."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    TYPE: ClassVar[str] = ""
    TOPIC: ClassVar[str] = ""

    def written(self, **but: Any) -> bytes:
        """As JSON: what `model_dump_json` says, at a third of the cost and less. `but`: fields that shall say this instead."""
        said = self.__dict__ | but if but else self.__dict__
        try:
            return orjson.dumps(said, default=_part, option=orjson.OPT_UTC_Z)
        except TypeError:  # a whole number of more than 64 bits, in what a channel sent along
            return self.model_copy(update=but).model_dump_json().encode()


def unchecked(kind: Callable[P, E]) -> Callable[P, E]:
    """The same event without its validation, which takes longer than all else that is done to make one.

    For who makes it of parts that are valid already; mypy checks the arguments. A plan is not looked through again.
    """
    made = cast(type[E], kind)
    fields = {name: field.get_default(call_default_factory=True) for name, field in made.model_fields.items()}
    put, named = object.__setattr__, set(fields)

    def make(*_: P.args, **said: P.kwargs) -> E:
        one = made.__new__(made)
        put(one, "__dict__", fields | said)
        put(one, "__pydantic_fields_set__", named)
        put(one, "__pydantic_extra__", None)
        put(one, "__pydantic_private__", None)
        return one

    return make


def _part(value: Any) -> Any:
    """What orjson does not know: our values as their fields, a plan as it was written before."""
    kind = type(value)
    if kind.__base__ is Value:
        return value.__dict__
    if kind is Plan:
        return orjson.Fragment(value.written)
    return to_jsonable_python(value)
