"""Channels and requests as plain values."""

from services.chassis import sealing
from services.contracts.city import Channel
from services.intake import channels
from services.intake.canonical import Request
from services.intake.channels import OpenChannel
from services.intake.submission import Seals

PRIVATE, PUBLIC = sealing.new_key_pair()
SEALS = Seals(sealing.Sealer(PUBLIC), b"a secret of the tests", 4)


def channel(**more: object) -> OpenChannel:
    row = {"id": "web", "kind": "web", "name": {"zh": "网站", "en": "Web"}, "rate_per_minute": 60}
    return channels.opened(Channel.model_validate(row | more))


def request(**more: object) -> Request:
    return Request.model_validate({"request_id": "r-1", "text": "路灯不亮"} | more)
