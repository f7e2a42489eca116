"""From bytes to requests. The fast way validates the raw body at once; what fails is read again, item by item.

NUL and lone surrogates hide in JSON's escapes, where a parser either lets them through or refuses the whole body: the
careful way finds the field they stand in.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from services.chassis import wording
from services.intake import decide
from services.intake.canonical import BATCH_LIMIT, Act, Batch, Request
from services.intake.channels import OpenChannel
from services.intake.decide import Refused
from services.intake.mapping import Mapper

M = TypeVar("M", bound=BaseModel)
Read = Request | Refused
_ONE = Request.__pydantic_validator__
_MANY = Batch.__pydantic_validator__
NUL_ESCAPE = b"\\u0000"
_LIMITS = [name for name in wording.LIMITS if name != "pattern"]
_CODES = {
    "string_too_long": "too_long", "too_long": "too_long", "string_too_short": "too_short", "missing": "missing",
    "too_deep": "too_deep", "too_large": "too_long", "extra_forbidden": "unknown_field", "blank": "too_short",
}  # fmt: skip


def one(raw: bytes, channel: OpenChannel) -> Read:
    """The body of POST /v1/requests."""
    if channel.mapper is None and NUL_ESCAPE not in raw:
        try:
            request: Request = _ONE.validate_json(raw)
            return request
        except ValidationError:
            pass  # read again, to tell why
    sent = parsed(raw)
    return sent if isinstance(sent, Refused) else item(sent, channel.mapper)


def many(raw: bytes, channel: OpenChannel) -> list[Read] | Refused:
    """The body of POST /v1/requests:batch, each item by itself and in order."""
    if channel.mapper is None and NUL_ESCAPE not in raw:
        try:
            batch: Batch = _MANY.validate_json(raw)
            return list(batch.requests)
        except ValidationError:
            pass  # read again, one by one
    sent = parsed(raw)
    if isinstance(sent, Refused):
        return sent
    match sent:
        case {"requests": [*items], **others} if not others and 0 < len(items) <= BATCH_LIMIT:
            return [item(one, channel.mapper) for one in items]
        case {"requests": [*_], **others} if not others:
            return decide.TOO_MANY
    return decide.NOT_A_BATCH


def act(raw: bytes) -> Act | Refused:
    """The body of POST /v1/requests/{id}/acts."""
    sent = parsed(raw)
    return sent if isinstance(sent, Refused) else valid(Act, sent)


def parsed(raw: bytes) -> Any:
    """JSON as Python values, by the standard library: it lets lone surrogates through, so that the field can be named,
    and keeps whole numbers whole. Refused when it is none."""
    try:
        return json.loads(raw.decode(), parse_constant=_no_constant)
    except RecursionError:
        return decide.TOO_DEEP
    except UnicodeDecodeError:
        return decide.malformed("not UTF-8")
    except json.JSONDecodeError as wrong:
        return decide.malformed(f"line {wrong.lineno}, column {wrong.colno}")
    except ValueError:
        return decide.malformed("")


def item(sent: Any, mapper: Mapper | None) -> Read:
    """One request as it was sent, or as the channel's mapping makes it."""
    made = mapper.apply(sent) if mapper else sent
    if isinstance(made, Refused):
        return made
    return valid(Request, made)


def valid(model: type[M], sent: Any) -> M | Refused:
    """A JSON value as an instance of the model, or the first thing wrong with it."""
    try:
        if unstorable := next(faulty(sent), None):
            return decide.unstorable(*unstorable)
        return model.model_validate(sent)
    except RecursionError:
        return decide.TOO_DEEP
    except ValidationError as wrong:
        return invalid(wrong.errors(include_url=False, include_input=False)[0])


def invalid(error: Mapping[str, Any]) -> Refused:
    """One of pydantic's errors as a refusal."""
    flaw, context = wording.flaw(error), error.get("ctx", {})
    limit = next((context[name] for name in _LIMITS if name in context), None)
    return Refused(_CODES.get(error["type"], "invalid"), flaw.field, flaw.zh, flaw.en, limit)


def faulty(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str, str]]:
    """(field, character) for every NUL and lone surrogate in a JSON value, names of members included."""
    match value:
        case str():
            if "\0" in value:
                yield wording.where(at), decide.NUL
            elif not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
                yield wording.where(at), "surrogate"
        case dict():
            for name, below in value.items():
                yield from faulty(name, at)
                yield from faulty(below, (*at, name))
        case list():
            for index, below in enumerate(value):
                yield from faulty(below, (*at, index))


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
