"""Where a callback URL may lead: https, a public address, resolved once and then used as resolved; no redirects.

A name that is checked and looked up again could lead elsewhere the second time; so the address that was checked is the
one that is connected to, with the name kept for TLS and the Host header.
"""

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit


class Forbidden(ValueError):
    """The URL may not be called; the message says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """`url` names an address instead of the host; `host` is for Host and SNI."""

    url: str
    host: str
    sni: str


def checked(url: str, *, allow_loopback: bool) -> SplitResult:
    """What can be said without looking the name up. Raises Forbidden."""
    parts = urlsplit(url)
    if not parts.hostname or parts.username or parts.password or parts.fragment:
        raise Forbidden("a callback URL has a host, no user and no fragment")
    if parts.scheme != "https" and not (allow_loopback and parts.scheme == "http"):
        raise Forbidden("a callback URL is https")
    return parts


async def resolve(url: str, *, allow_loopback: bool) -> Target:
    """Look the name up once. Raises Forbidden when any of its addresses is not public, OSError when there is none."""
    parts = checked(url, allow_loopback=allow_loopback)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        _permit(address, allow_loopback and parts.scheme in ("http", "https"), parts.scheme)
    literal = f"[{addresses[0]}]" if ":" in addresses[0] else addresses[0]
    path = parts._replace(netloc=f"{literal}:{port}").geturl()
    return Target(path, parts.netloc, host)


def _permit(address: str, allow_loopback: bool, scheme: str) -> None:
    known = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(known, "ipv4_mapped", None)
    known = mapped or known
    if known.is_loopback and allow_loopback:
        return
    if not known.is_global or known.is_multicast:
        raise Forbidden("a callback URL leads to a public address")
    if scheme != "https":
        raise Forbidden("plain http leads to loopback only")
