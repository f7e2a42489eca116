"""Free TCP ports on the loopback interface."""

import random
import socket

LOOPBACK = "127.0.0.1"
# Below every system's range of ephemeral ports (Linux starts at 32768, macOS at 49152): a server that is stopped and
# started again must find its port free, and a client retrying meanwhile could be given that very port as its own.
LOWEST, HIGHEST = 20_000, 32_000


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def choose(preferred: int | None = None, taken: frozenset[int] = frozenset()) -> int:
    """The preferred port when it is free, else any free one between LOWEST and HIGHEST and not in `taken`."""
    if preferred is not None and preferred not in taken and is_free(preferred):
        return preferred
    while True:
        port = random.randrange(LOWEST, HIGHEST)
        if port not in taken and is_free(port):
            return port
