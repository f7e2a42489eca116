"""What becomes of a notice that was handed to a provider: the policy for retries and for doubt (delivery rule 12)."""

from dataclasses import dataclass
from datetime import timedelta

from services.notify.wording import OnUnknown


@dataclass(frozen=True, slots=True)
class Taken:
    """The provider has it. `reference` is the provider's own id."""

    reference: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider will never take it."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotNow:
    """It was certainly not taken; trying again is safe. `after`: the provider's own wish, wall time."""

    reason: str
    after: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may have been taken or not."""

    reason: str


@dataclass(frozen=True, slots=True)
class NeverSeen:
    """Asked by our id, the provider says that it has nothing of that name."""


Fate = Taken | Refused | NotNow | Unknown
Answer = Taken | NeverSeen | Unknown


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Wall time: `first`, then twice as long each time, at most `longest`; after `attempts` tries it is given up."""

    attempts: int
    first: timedelta
    longest: timedelta

    def pause(self, attempts: int) -> timedelta:
        """After the try number `attempts`, which counts from 1."""
        doubled: int = 2 ** min(attempts - 1, 30)
        return min(self.first * doubled, self.longest)


# Verdicts


@dataclass(frozen=True, slots=True)
class Sent:
    reference: str


@dataclass(frozen=True, slots=True)
class Failed:
    reason: str


@dataclass(frozen=True, slots=True)
class Dropped:
    """Not sent on purpose."""

    reason: str


@dataclass(frozen=True, slots=True)
class Again:
    """Not taken: try again after this much wall time."""

    after: timedelta
    reason: str


@dataclass(frozen=True, slots=True)
class InDoubt:
    """Fate unknown: settle it after this much wall time."""

    after: timedelta
    reason: str


@dataclass(frozen=True, slots=True)
class Send:
    """Settled doubt: it may be sent (again)."""


Settled = Sent | Failed | Dropped | Again | InDoubt


def settle(fate: Fate, attempts: int, policy: RetryPolicy) -> Settled:
    """What follows from what a provider did with the try number `attempts`."""
    match fate:
        case Taken(reference):
            return Sent(reference)
        case Refused(reason):
            return Failed(reason)
        case NotNow(reason, after):
            if attempts >= policy.attempts:
                return Failed(f"given_up:{reason}")
            return Again(max(policy.pause(attempts), after), reason)
        case Unknown(reason):
            return InDoubt(policy.pause(attempts), reason)


def resolve(
    answer: Answer, drops_repeats: bool, on_unknown: OnUnknown, attempts: int, policy: RetryPolicy
) -> Sent | Send | Dropped:
    """A doubt: what the provider says of our id; else its promise to drop repeats; else the template's word.

    However often doubt returns, it ends: after the last try nothing is sent again.
    """
    match answer:
        case Taken(reference):
            return Sent(reference)
        case NeverSeen() if attempts <= policy.attempts:
            return Send()
        case Unknown() if attempts <= policy.attempts and (drops_repeats or on_unknown == "resend"):
            return Send()
    return Dropped("fate_unknown")
