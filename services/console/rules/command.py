"""`python -m services router rules <verb>`: the table of verbs. Exit codes: 0 done, 1 something is wrong, 2 usage."""

import argparse
import sys
from pathlib import Path

from asyncpg import PostgresError

from services.chassis import run
from services.chassis.document import BadFile
from services.chassis.settings import BadSettings
from services.console import verbs
from services.console.rules.columns import Usage

USAGE = 2
CITY = Path("deploy/city/pingshan")
VERBS = {
    "learn": "propose a duty list from past dispatching 由历史派单学得建议",
    "import": "a duty list as a table (CSV, xlsx) to rules.yaml 导入事项清单",
    "export": "rules.yaml as a table 导出事项清单",
    "accept": "proposed rules, from rulings or from learn, into rules.yaml 采纳建议",
    "check": "what is wrong with a set of rules, with file and line 检查规则",
    "try": "one request through the rules, and why 试派一件",
    "replay": "run history through a set of rules: who would get what 以历史检验规则",
    "shadow": "a candidate beside the rules in force, without effect 影子运行",
    "apply": "bring a checked set into force in every router 生效",
    "log": "which set came into force when, by whom and why 生效记录",
    "show": "any set that was ever in force, by its hash 查看历史版本",
    "rollback": "a set that was in force before is in force again 回退",
}


def main(arguments: list[str]) -> int:
    verb, asked = verbs.parsed(
        "python -m services router rules", "The duty list 派单目录: learnt, checked, tried and put in force.",
        "services.console.rules", VERBS, arguments, _city,
    )  # fmt: skip
    run.tame_collector()  # histories are a million small things that nobody throws away
    try:
        code: int = verb.main(asked)
    except Usage as wrong:
        print(f"rules {asked.verb}: {wrong}", file=sys.stderr)
        return USAGE
    except BadFile as wrong:
        print(f"rules {asked.verb}: {wrong}", file=sys.stderr)
        return 1
    except (BadSettings, OSError, PostgresError) as wrong:
        print(f"rules {asked.verb}: {wrong}\n{_what_to_do(wrong)}", file=sys.stderr)
        return 1
    return code


def _what_to_do(wrong: Exception) -> str:
    if isinstance(wrong, BadSettings):
        return "this verb reads the running system: load its settings first, as `. .suban/dev/operator.env` 请先载入运行环境的设置"
    if isinstance(wrong, OSError) and wrong.filename is not None:
        return "the file cannot be read or written: look at its folder and your rights 文件无法读写，请检查目录与权限"
    return "the store does not answer, or refuses: nothing has changed 数据库无法访问或拒绝，未作任何改动"


def _city(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--city", type=Path, default=CITY, help=f"folder of the city's data (default: {CITY})"
    )
