"""Structured logs: JSON lines with case and correlation ids, through one processor that lets no citizen's data out."""

import logging
import re
import sys
import traceback
from pathlib import Path
from typing import Any

import structlog

from services.chassis import failure

FRAMES = 12

# Fields that may hold what a citizen wrote or who they are: never written, whoever passes them.
FORBIDDEN = frozenset({
    "text", "match_text", "title", "name", "phone", "address", "contact", "body", "value", "extra", "reporter",
    "public_text", "contact_note", "grounds", "person", "app_user", "email", "secret", "password", "token", "key",
})  # fmt: skip
# Seven digits and more, with the separators people type; ids and numbers of ours are kept by _KEEP.
_DIGITS = re.compile(r"(?<![0-9A-Za-z-])\+?\d[\d \-()]{5,}\d(?![0-9A-Za-z])")
_KEEP = frozenset(
    {"case_id", "number", "correlation_id", "event_id", "timestamp", "offset", "port", "pid", "bootstrap"}
)


def logger(name: str) -> Any:
    """A bound logger; `event` is a dotted word, everything else a field."""
    return structlog.get_logger(component=name)


def configure(service: str, level: str) -> None:
    """Once, at boot. Everything goes through the same chain, the libraries' own logging included."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        broken,
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(ensure_ascii=False)],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, redact, structlog.processors.JSONRenderer()],
    ))  # fmt: skip
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("aiokafka").setLevel(logging.ERROR)
    # It says every look-up of a coordinator that is not there yet as an error; what matters of it we log ourselves.
    logging.getLogger("aiokafka.consumer.group_coordinator").setLevel(logging.CRITICAL)
    logging.getLogger("asyncio").setLevel(logging.ERROR)


def broken(_logger: Any, _method: str, line: Any) -> Any:
    """What was raised and where, without its message: that may quote what a citizen wrote."""
    raised = line.pop("exc_info", None)
    if raised is True:
        raised = sys.exc_info()
    error = raised[1] if isinstance(raised, tuple) else raised
    if isinstance(error, BaseException):
        frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
        line["exception"] = failure.reason(error)
        line["frames"] = " < ".join(f"{Path(one.filename).name}:{one.lineno}" for one in reversed(frames))
    return line


def unheard(_loop: object, context: dict[str, Any]) -> None:
    """What nobody awaited, for asyncio's own handler quotes the error's message."""
    error = context.get("exception")
    told = failure.reason(error) if isinstance(error, BaseException) else "?"
    logger("asyncio").error("task.unheard", what=context.get("message"), reason=told)


def safe(error: object) -> str:
    """An error's own words, fit for a log: anything like a number of a person hidden."""
    return _DIGITS.sub("…", str(error))[:500]


def redact(_logger: Any, _method: str, line: Any) -> Any:
    """Drop forbidden fields, hide what looks like a telephone number in the others."""
    return {field: _clean(field, value) for field, value in line.items() if field not in FORBIDDEN}


def _clean(field: str, value: Any) -> Any:
    if field in _KEEP or not isinstance(value, str):
        return value if isinstance(value, str | int | float | bool | None) else _DIGITS.sub("…", repr(value))
    return _DIGITS.sub("…", value)
