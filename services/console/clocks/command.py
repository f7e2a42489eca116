"""`python -m services sla <verb>`: the table of verbs. Exit codes: 0 done, 1 something is wrong, 2 usage."""

import sys

from asyncpg import PostgresError

from services.chassis.document import BadFile
from services.chassis.settings import BadSettings
from services.console import verbs
from services.console.clocks.history import BadHistory

VERBS = {
    "rebuild": "the table of clocks from the log, or whether it is equal to it 由日志重建或核对时钟表",
    "ledger": "the cases of a community and a month, open, closed, overdue 台账",
    "scorecard": "how each department did with what fell due in a week 每周一评",
    "simulate": "past cases under another plan: who would have been late 以历史工单试算时限方案",
    "learn-plans": "learn each type's target and way of counting from recorded dues 由历史时限学得时限方案",
}


def main(arguments: list[str]) -> int:
    verb, asked = verbs.parsed(
        "python -m services sla", "Clocks 时钟: learnt, simulated, counted. Without a verb: the service.",
        "services.console.clocks", VERBS, arguments,
    )  # fmt: skip
    try:
        code: int = verb.main(asked)
    except (BadHistory, BadFile, BadSettings, OSError, PostgresError) as wrong:
        print(f"sla {asked.verb}: {wrong}", file=sys.stderr)
        return 1
    return code
