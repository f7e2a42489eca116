"""Where a callback may lead."""

import pytest

from services.notify import callback
from services.notify.callback import Forbidden


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/x",
        "ftp://example.org",
        "https://user:word@example.org/",
        "https://example.org/#x",
        "https:///x",
        "x",
    ],
)
def test_what_is_refused_unread(url: str) -> None:
    with pytest.raises(Forbidden):
        callback.checked(url, allow_loopback=False)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "[::1]", "[fd00::1]",  # noqa: S104
     "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "224.0.0.1"],
)  # fmt: skip
async def test_private_ranges_are_refused(host: str) -> None:
    with pytest.raises(Forbidden, match="public address"):
        await callback.resolve(f"https://{host}/hook", allow_loopback=False)


async def test_a_name_is_looked_up_once_and_its_address_is_used() -> None:
    target = await callback.resolve("http://localhost:8080/hook?a=1", allow_loopback=True)
    assert target.host == "localhost:8080"
    assert target.sni == "localhost"
    assert target.url in ("http://127.0.0.1:8080/hook?a=1", "http://[::1]:8080/hook?a=1")


async def test_loopback_allowed_is_loopback_only() -> None:
    with pytest.raises(Forbidden):
        await callback.resolve("http://10.0.0.1/hook", allow_loopback=True)
    with pytest.raises(Forbidden, match="plain http"):
        await callback.resolve("http://8.8.8.8/hook", allow_loopback=True)


async def test_a_public_address_passes() -> None:
    target = await callback.resolve("https://8.8.8.8/hook", allow_loopback=False)
    assert target.url == "https://8.8.8.8:443/hook"
