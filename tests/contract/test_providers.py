"""What every provider keeps to, whoever is behind it. A later one joins by a row in `receiver`.

And what is special to the signed webhook: the signature, and what each answer means.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson
import pytest

from services.contracts.ids import NoticeId
from services.contracts.values import Audience, Locale, Medium
from services.notify import fate, provider_webhook, send
from services.notify.fate import (
    Answer,
    Dropped,
    Fate,
    NeverSeen,
    NotNow,
    Refused,
    RetryPolicy,
    Send,
    Sent,
    Taken,
    Unknown,
)
from services.notify.provider import Message
from services.notify.provider_webhook import WebhookProvider
from tests.contract import receivers
from tests.contract.receivers import HttpReceiver, Receiver

PHONE = "+8613800138000"
POLICY = RetryPolicy(6, timedelta(seconds=2), timedelta(seconds=60))


def message(number: int) -> Message:
    return Message(
        NoticeId(UUID(int=number)), Medium.SMS, PHONE, "138****8000", f"blind-{number}", Locale.ZH, f"诉求{number}已立案",
        1, "20261122-7K3M-9QX2", "case.registered", Audience.CITIZEN, datetime(2026, 11, 23, 4, tzinfo=UTC),
    )  # fmt: skip


@pytest.fixture(params=["local", "webhook"])
async def receiver(request: pytest.FixtureRequest) -> AsyncIterator[Receiver]:
    if request.param == "local":
        async with receivers.by_local(request.getfixturevalue("database")) as local:
            yield local
    else:
        async with receivers.by_webhook() as webhook:
            yield webhook


async def handed(receiver: Receiver, *messages: Message) -> list[Fate]:
    """As the sender hands over: what raises leaves an unknown fate."""
    fates = await send._fates(receiver.provider, messages)
    return [fates[one.notice_id] for one in messages]


async def test_one_fate_a_message_in_order(receiver: Receiver) -> None:
    messages = [message(n) for n in range(1, 8)]
    fates = await receiver.provider.send(messages)
    assert [type(one) for one in fates] == [Taken] * 7
    assert sorted(await receiver.received()) == sorted(str(one.notice_id) for one in messages)


async def test_a_repeat_by_id_reaches_nobody_twice(receiver: Receiver) -> None:
    assert receiver.provider.drops_repeats
    await receiver.provider.send([message(1)])
    again = await receiver.provider.send([message(1), message(2)])
    assert [type(one) for one in again] == [Taken, Taken]
    assert sorted(await receiver.received()) == [str(UUID(int=1)), str(UUID(int=2))]
    assert await receiver.repeats() == 1


async def test_asked_it_never_denies_what_it_took(receiver: Receiver) -> None:
    await receiver.provider.send([message(1)])
    answers = await receiver.provider.ask([NoticeId(UUID(int=1)), NoticeId(UUID(int=2))])
    assert isinstance(answers[NoticeId(UUID(int=1))], Taken | Unknown)
    assert isinstance(answers[NoticeId(UUID(int=2))], NeverSeen | Unknown)


async def test_unknown_fate_is_said_and_ends_with_one_delivery(receiver: Receiver) -> None:
    receiver.be_silent(True)
    (first,) = await handed(receiver, message(1))
    assert isinstance(first, Unknown)
    receiver.be_silent(False)
    answers = await receiver.provider.ask([message(1).notice_id])
    verdict = fate.resolve(answers[message(1).notice_id], receiver.provider.drops_repeats, "drop", 2, POLICY)
    assert isinstance(verdict, Sent | Send)
    if isinstance(verdict, Send):
        (second,) = await handed(receiver, message(1))
        assert isinstance(second, Taken)
    assert await receiver.received() == [str(message(1).notice_id)]


async def test_one_unknown_fate_spoils_no_other_for_good(receiver: Receiver) -> None:
    receiver.be_silent(True)
    await handed(receiver, message(1), message(2))
    receiver.be_silent(False)
    assert [type(one) for one in await handed(receiver, message(1), message(2), message(3))] == [Taken] * 3
    assert len(await receiver.received()) == 3


def test_a_message_shows_no_number_and_no_text() -> None:
    assert PHONE not in repr(message(1))
    assert "立案" not in repr(message(1))


class TestWebhook:
    @pytest.fixture
    async def webhook(self) -> AsyncIterator[HttpReceiver]:
        async with receivers.by_webhook() as receiver:
            yield receiver

    async def test_what_it_says(self, webhook: HttpReceiver) -> None:
        await webhook.provider.send([message(1)])
        said = orjson.loads(webhook.bodies[0])
        assert said["type"] == "notice.sms"
        assert said["data"]["to"] == PHONE
        assert said["data"]["notice_id"] == webhook.ids[0] == str(UUID(int=1))
        assert webhook.forged == 0

    async def test_another_secret_is_a_forgery(self, webhook: HttpReceiver) -> None:
        url = f"http://127.0.0.1:{webhook.port}/hook"
        other = WebhookProvider(
            url, "b3RoZXJvdGhlcm90aGVy", timeout_s=1, drops_repeats=True, allow_loopback=True
        )
        await other.send([message(1)])
        await other.close()
        assert (webhook.forged, webhook.ids) == (1, [])

    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            (200, Taken()),
            (204, Taken()),
            (302, Refused("http_302")),  # redirects are not followed
            (400, Refused("http_400")),
            (401, NotNow("http_401")),
            (404, NotNow("http_404")),
            (429, NotNow("http_429")),
            (503, NotNow("http_503")),
            (500, Unknown("http_500")),  # it may have come after the work was done
            (502, Unknown("http_502")),
            (504, Unknown("http_504")),
        ],
    )
    async def test_what_an_answer_means(self, webhook: HttpReceiver, status: int, expected: Fate) -> None:
        webhook.answer = status
        assert await webhook.provider.send([message(1)]) == [expected]

    async def test_retry_after_is_kept_within_reason(self, webhook: HttpReceiver) -> None:
        webhook.answer, webhook.headers = 429, "retry-after: 7\r\n"
        assert await webhook.provider.send([message(1)]) == [NotNow("http_429", timedelta(seconds=7))]
        assert provider_webhook.fate_of(429, "99999999") == NotNow("http_429", timedelta(hours=1))

    async def test_no_answer_in_time_is_unknown(self, webhook: HttpReceiver) -> None:
        webhook.answer = receivers.SILENT
        url = f"http://127.0.0.1:{webhook.port}/hook"
        hasty = WebhookProvider(url, webhook.secret, timeout_s=0.5, drops_repeats=True, allow_loopback=True)
        assert await hasty.send([message(1)]) in ([Unknown("no_answer")], [NotNow("not_reached")])
        await hasty.close()

    async def test_nobody_listening_is_certainly_not_taken(self) -> None:
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        server.close()
        await server.wait_closed()
        url = f"http://127.0.0.1:{port}/"
        alone = WebhookProvider(url, "c2VjcmV0c2VjcmV0", timeout_s=1, drops_repeats=True, allow_loopback=True)
        assert await alone.send([message(1)]) == [NotNow("not_reached")]
        await alone.close()

    async def test_a_private_address_is_never_called(self, webhook: HttpReceiver) -> None:
        url = f"https://localhost:{webhook.port}/hook"
        strict = WebhookProvider(url, "c2VjcmV0c2VjcmV0", timeout_s=1, drops_repeats=True)
        assert await strict.send([message(1)]) == [NotNow("address_forbidden")]
        assert webhook.ids == []

    async def test_without_dropped_repeats_the_template_decides(self) -> None:
        answer: Answer = Unknown("cannot_be_asked")
        assert fate.resolve(answer, False, "drop", 2, POLICY) == Dropped("fate_unknown")
        assert fate.resolve(answer, False, "resend", 2, POLICY) == Send()
