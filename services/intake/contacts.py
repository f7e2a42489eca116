"""The reporter, sealed at the door: from here on only notify can tell who it is (delivery rule 11)."""

import orjson

from services.chassis.sealing import Sealer
from services.contracts.values import Locale
from services.intake import decide, phones
from services.intake.canonical import Reporter
from services.intake.decide import Refused


def sealed(reporter: Reporter, sealer: Sealer, now: float) -> bytes | Refused:
    """A `contracts.values.Contact` as JSON; `now` in monotonic seconds. Refused: the number is none.

    What is anonymous is sealed as well, since notices still go out, but nothing of it is shown.
    """
    phone = phones.read(reporter.phone) if reporter.phone else None
    if reporter.phone and phone is None:
        return decide.BAD_PHONE
    contact: dict[str, object] = {"anonymous": reporter.anonymous, "has_app": reporter.app_user is not None}
    if reporter.locale is not Locale.ZH:
        contact["locale"] = reporter.locale
    if phone is not None:
        contact["textable"] = phone.textable
    if not reporter.anonymous:
        contact["masked_name"] = phones.mask_name(reporter.name) if reporter.name else None
        contact["masked_phone"] = phone.masked if phone else None
    person = {"name": reporter.name, "phone": phone.e164 if phone else None, "app_user": reporter.app_user}
    shown = orjson.dumps(contact)
    if any(person.values()):
        return b'%b,"sealed":%b}' % (shown[:-1], sealer.seal_json(orjson.dumps(person), now))
    return shown
