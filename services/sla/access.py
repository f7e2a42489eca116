"""Who may look at clocks: departments, the desk, operators."""

from typing import Any

from services.chassis import problems
from services.chassis.problems import Problem
from services.sla.state import State

READERS = ("department", "desk", "operator")
FAULTS: dict[int | str, dict[str, Any]] = {
    code: {"description": text, "content": {problems.MEDIA_TYPE: {}}}
    for code, text in ((401, "no valid key"), (403, "not for this kind of key"), (422, "cannot be read"))
}


def admitted(state: State, authorization: str) -> str:
    """The principal. Raises 401, 403."""
    principal = state.ring.principal(authorization)
    if principal is None:
        raise problems.unauthorized()
    if principal.partition(":")[0] not in READERS:
        raise forbidden()
    return principal


def forbidden() -> Problem:
    return Problem(
        403, "forbidden", ("无权查看", "Not for this key"),
        ("时钟仅供部门、分拨台和运维查看；部门只看本单位的。", "Clocks are shown to departments, the desk and operators; to a department its own."),
    )  # fmt: skip
