"""Which rules are in force: those of the file, until others are applied; those, until the file changes.

The store's log decides, so that every router has the same rules, whichever file it sees. A file is one way in: when it
comes to say something new, that is entered into the log under the author `file`. A file that says what was in force
before (a router that starts with an old copy, say) changes nothing.
"""

import dataclasses
import hashlib
import threading
from pathlib import Path

from services.chassis import files, telemetry
from services.chassis.document import BadFile
from services.chassis.files import Loaded
from services.router import decide, drafts, rulebook, rules
from services.router.decide import Law
from services.router.rulebook import Entering, Entry
from services.router.rules import DutyList, Rules

log = telemetry.logger("rules")
AT_FIRST, CHANGED = "as found at the start", "the file was changed"


class InForce:
    """What decides, in memory. `load` is what the chassis watches; it runs in a thread."""

    def __init__(
        self, city_dir: Path, newest: Entry | None = None, ever: frozenset[str] = frozenset()
    ) -> None:
        self._city_dir, self._newest, self._ever = city_dir, newest, ever
        self._file: str | None = None  # digest of the rules the file says
        self._seen_after = 0  # the entry that was the newest when the file came to say so
        self._rules: Rules | None = None
        self._entering: Entering | None = None
        self._before: Rules | None = None
        self._turn = threading.Lock()

    @property
    def id(self) -> int:
        """The newest entry of the log that we know."""
        return self._newest.id if self._newest else 0

    def load(self) -> Loaded[Law]:
        """All files of the city, with the rules that are in force. Raises BadFile: then nothing changes."""
        with self._turn:
            found = files.load_all(self._city_dir, rules.MODELS, rules.assemble, rules.problems)
            digest = rules.digest(found.value.rules)
            entering = self._new(digest, found.value.rules)
            duty = found.value if entering else self._as_applied(found.value, digest)
            law = decide.law(duty)
            self._remember(digest, duty.rules, entering)
            return Loaded(law, _both(found.digest, law.rules.digest), found.path, found.stamps)

    def _new(self, digest: str, listed: Rules) -> Entering | None:
        """The file's rules, when they are news."""
        if digest == self._file or (self._newest is not None and digest == self._newest.digest):
            return None
        if self._file is None and digest in self._ever:
            return None
        body = (self._city_dir / rules.FILE).read_text(encoding="utf-8")
        note = AT_FIRST if self._file is None else CHANGED
        return Entering(digest, body, listed, rulebook.FILE, rulebook.FILE, note, self._seen_after)

    def _as_applied(self, duty: DutyList, digest: str) -> DutyList:
        """The city with the rules of the log's newest entry; at the start the file's, when those do not fit."""
        if self._newest is None or self._newest.digest == digest:
            return duty
        try:
            return dataclasses.replace(duty, rules=drafts.kept(self._newest.body, self._newest.digest, duty))
        except BadFile as bad:
            if self._rules is not None:
                raise
            log.error("rules.applied_do_not_fit", digest=self._newest.digest, reason=str(bad))
            return duty

    def _remember(self, digest: str, listed: Rules, entering: Entering | None) -> None:
        if digest != self._file:
            self._seen_after = self.id
        if entering is not None:
            self._entering, self._before = entering, self._rules
            self._newest = Entry(self.id, digest, entering.body)
        self._file, self._rules = digest, listed

    @property
    def entering(self) -> tuple[Entering, Rules | None] | None:
        """What the file says and the log does not yet, with the rules before it."""
        return (self._entering, self._before) if self._entering else None

    def take(self, newest: Entry) -> bool:
        """An entry of the log. Whether it says other rules than we have."""
        with self._turn:
            other = self._newest is None or self._newest.digest != newest.digest
            self._newest, self._ever, self._entering = newest, self._ever | {newest.digest}, None
            return other


def _both(files_digest: str, rules_digest: str) -> str:
    return hashlib.sha256(f"{files_digest} {rules_digest}".encode()).hexdigest()
