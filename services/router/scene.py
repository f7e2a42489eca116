"""What an effect looks at: the case before and after the table's move, what was sent, what was asked. Pure."""

from dataclasses import dataclass
from datetime import datetime

from services.contracts.city import City
from services.router.case import Case
from services.router.decide import Law
from services.router.records import Dossier
from services.router.verdicts import Asked


@dataclass(frozen=True, slots=True)
class Scene:
    """`before` is the case as it was; `after` has the new state and version already (lifecycle.py has agreed).

    `found` is what was sent; only the commands of `effects.OPENING` may count on it.
    """

    law: Law
    before: Case
    after: Case
    asked: Asked
    at: datetime
    found: Dossier | None

    @property
    def city(self) -> City:
        return self.law.city

    @property
    def actor(self) -> str:
        return self.asked.actor

    @property
    def dossier(self) -> Dossier:
        assert self.found is not None, f"{self.asked.command.command} opens an assignment"
        return self.found
