"""Commands: what a department or the dispatcher's desk asks for. Imperative; the router answers each with a verdict.

The same words come by two doors: `suban.commands.<department>.v1` (the topic is the identity) and
`POST /v1/cases/{id}/commands` (the key is the identity).

One file a noun; every kind has its line in `AnyCommand`.
"""

from typing import Annotated, TypeAlias

from pydantic import Field, TypeAdapter

from services.contracts.commands.asking import *
from services.contracts.commands.command import *
from services.contracts.commands.desk import *
from services.contracts.commands.disputes import *
from services.contracts.commands.emergencies import *
from services.contracts.commands.handling import *
from services.contracts.commands.merging import *
from services.contracts.commands.together import *
from services.contracts.commands.verifying import *

AnyCommand: TypeAlias = Annotated[
    Accept
    | Start
    | Respond
    | Return
    | Resolve
    | Close
    | Reject
    | Withdraw
    | Assign
    | Uphold
    | Refuse
    | Dispute
    | Meet
    | Ruling
    | Split
    | Appeal
    | Merge
    | Unmerge
    | HandOff
    | Confirm
    | Reassign
    | Reclassify
    | Urge
    | Supervise
    | TransferOut
    | Pause
    | Shelve
    | Resume
    | Extend
    | Approve
    | Report
    | Waive
    | Whistle
    | Arrive
    | Score
    | Raise
    | Verify
    | Rate
    | Redo
    | Reopen,
    Field(discriminator="command"),
]  # fmt: skip
COMMAND: TypeAdapter[AnyCommand] = TypeAdapter(AnyCommand)
