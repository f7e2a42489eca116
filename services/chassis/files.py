"""City data in force: read, checked whole, refused whole. Every fault names file, line, field and reason."""

import asyncio
import dataclasses
import gc
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar, cast

from pydantic import BaseModel, ValidationError

from services.chassis import document, document_json, wording
from services.chassis.document import BadFile as BadFile
from services.chassis.document import Document
from services.contracts.faults import Fault

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)
Check = Callable[[T], Iterable[Fault]]
Parts = Mapping[str, BaseModel]
Stamp = tuple[Path, int, int]


@dataclass(frozen=True)
class Loaded(Generic[T]):
    """A sound value. `digest` is the sha256 (hex) of the bytes; `path` the file, or the directory of a set.

    `stamps` are the files with their modification time (ns) and size, taken before they were read.
    """

    value: T
    digest: str
    path: Path
    stamps: tuple[Stamp, ...] = ()


def load(path: Path, model: type[M], check: Check[M] | None = None) -> Loaded[M]:
    """One file as one model. `check` finds what the model alone cannot see, e.g. against another file.

    Raises BadFile with every fault found.
    """

    def only(parts: Parts) -> M:
        return cast(M, parts[path.name])

    return dataclasses.replace(load_all(path.parent, {path.name: model}, only, check), path=path)


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """A file of 2 MB makes a million objects that all stay: looking through them meanwhile took as long as reading."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


@_collector_at_rest()
def load_all(
    directory: Path,
    models: Mapping[str, type[BaseModel]],
    assemble: Callable[[Parts], T],
    check: Check[T] | None = None,
) -> Loaded[T]:
    """A set of files that come into force together, or not at all. `assemble` makes one value of them.

    A file may be missing when its model says `OPTIONAL`: then it says what the model says by itself.
    Raises BadFile with the faults of all files; the cross-check runs when each file is sound by itself.
    """
    stamps = tuple(_stamp(directory / name) for name in models)
    documents: dict[str, Document] = {}
    parts: dict[str, BaseModel] = {}
    faults: list[Fault] = []
    for name, model in models.items():
        if getattr(model, "OPTIONAL", False) and not (directory / name).exists():
            parts[name] = model()
            continue
        try:
            documents[name] = _read(directory / name)
            parts[name] = _validate(documents[name], model)
        except BadFile as bad:
            faults += bad.faults
    if faults:
        raise BadFile(faults)
    value = assemble(parts)
    if faults := [_with_line(fault, documents) for fault in (check(value) if check else ())]:
        raise BadFile(faults)
    return Loaded(value, _digest(documents.values()), directory, stamps)


def sound(read: Document, model: type[M], check: Check[M] | None = None) -> M:
    """One document as one model, wherever it came from. Raises BadFile with every fault found."""
    value = _validate(read, model)
    if faults := [
        dataclasses.replace(fault, line=read.line(fault.at)) for fault in (check(value) if check else ())
    ]:
        raise BadFile(faults)
    return value


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The files say what they said."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """A new set is in force."""

    digest: str


@dataclass(frozen=True, slots=True)
class Kept:
    """The new set is bad; the old one stays in force. `reason` has one fault a line."""

    reason: str


Reload = Unchanged | Replaced | Kept


class Watched(Generic[T]):
    """The value in force, replaced when its files change. A bad set never comes into force.

    `load` is called for the first value at once and may raise BadFile; later by `poll`, awaited as often as
    the caller likes, or by `reload` (SIGHUP). It reads no clock.
    """

    def __init__(self, load: Callable[[], Loaded[T]]) -> None:
        self._load = load
        self._loaded = load()
        self._stamps = self._loaded.stamps
        self.last_error: str | None = None

    @property
    def value(self) -> T:
        return self._loaded.value

    @property
    def digest(self) -> str:
        return self._loaded.digest

    async def poll(self) -> Reload:
        """Reloads when a file's modification time or size differs; in a thread, as that takes a while."""
        if _stamps_now(self._stamps) == self._stamps:
            return Unchanged()
        return await asyncio.to_thread(self.reload)

    def reload(self) -> Reload:
        """Reads the files now, changed or not."""
        self._stamps = _stamps_now(self._stamps)
        try:
            loaded = self._load()
        except BadFile as bad:
            self.last_error = str(bad)
            return Kept(self.last_error)
        self.last_error = None
        if loaded.digest == self._loaded.digest:
            return Unchanged()
        self._loaded = loaded
        return Replaced(loaded.digest)


def _read(path: Path) -> Document:
    return document_json.read(path) if path.suffix == ".geojson" else document.read(path)


def _stamp(path: Path) -> Stamp:
    """A missing file has a stamp too: its coming back is a change."""
    try:
        stat = path.stat()
    except OSError:
        return path, 0, -1
    return path, stat.st_mtime_ns, stat.st_size


def _stamps_now(stamps: Iterable[Stamp]) -> tuple[Stamp, ...]:
    return tuple(_stamp(path) for path, _, _ in stamps)


def _digest(documents: Iterable[Document]) -> str:
    """One file: the sha256 of its bytes. Several: of the list that sha256sum would print."""
    digests = {one.name: hashlib.sha256(one.raw).hexdigest() for one in documents}
    if len(digests) == 1:
        return next(iter(digests.values()))
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def _with_line(fault: Fault, documents: Mapping[str, Document]) -> Fault:
    return dataclasses.replace(fault, line=documents[fault.file].line(fault.at))


def _validate(read: Document, model: type[M]) -> M:
    try:
        return model.model_validate(read.value, extra="forbid")
    except ValidationError as invalid:
        raise BadFile(list(_faults(read, invalid))) from invalid


def _faults(read: Document, invalid: ValidationError) -> Iterator[Fault]:
    errors = invalid.errors(include_url=False, include_input=False)
    above = {error["loc"][:depth] for error in errors for depth in range(len(error["loc"]))}
    for error in errors:
        if error["type"] == "too_short" and error["loc"] in above:
            continue  # what is there does not count because it is wrong, and that is said already
        reason_zh, _ = wording.say(error)
        for place in error.get("ctx", {}).get("places") or [()]:
            yield read.fault((*error["loc"], *place), error["msg"], reason_zh)
