"""凭证: what a category asks of a resolve, and what is missing. Pure."""

from services.contracts.city import City
from services.contracts.commands import Evidence, Resolve
from services.contracts.values import EvidenceKind
from services.router.case import Case
from services.router.wording import Said

NAMES = {
    EvidenceKind.PHOTO_BEFORE: Said("处置前照片", "a photograph before"),
    EvidenceKind.PHOTO_AFTER: Said("处置后照片", "a photograph after"),
    EvidenceKind.RECORD: Said("处置记录", "a record of the work"),
    EvidenceKind.DOCUMENT: Said("文书", "a document"),
    EvidenceKind.TEXT: Said("文字说明", "a written account"),
    EvidenceKind.OTHER: Said("任一凭证", "any evidence"),
}
KINDS = {kind.value: kind for kind in EvidenceKind}


def missing(city: City, case: Case, command: Resolve) -> tuple[EvidenceKind, ...]:
    """The parts that are asked for and not there; `other` where any piece would do and there is none."""
    asked, brought = city.evidence(case.category), kinds(command)
    if isinstance(asked, bool):
        return (EvidenceKind.OTHER,) if asked and not brought else ()
    return tuple(part for part in asked if part not in brought)


def kinds(command: Resolve) -> tuple[EvidenceKind, ...]:
    return tuple(dict.fromkeys(_kind(piece) for piece in command.evidence))


def _kind(piece: Evidence | str) -> EvidenceKind:
    """Of a plain text: the kind it begins with, `photo_after:1234`, else other."""
    if isinstance(piece, Evidence):
        return piece.kind
    return KINDS.get(piece.partition(":")[0], EvidenceKind.OTHER)


def said(parts: tuple[EvidenceKind, ...]) -> Said:
    names = [NAMES[part] for part in parts]
    return Said(
        f"该类别办结须附凭证：{'、'.join(one.zh for one in names)}",
        f"this category asks for evidence with the resolve: {', '.join(one.en for one in names)}",
    )
