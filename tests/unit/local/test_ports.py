import socket

from deploy.local import ports


def test_a_taken_port_is_not_chosen() -> None:
    with socket.create_server((ports.LOOPBACK, 0)) as taken:
        number = taken.getsockname()[1]
        assert not ports.is_free(number)
        assert ports.LOWEST <= ports.choose(number) < ports.HIGHEST


def test_the_usual_port_is_chosen_when_it_is_free() -> None:
    free = ports.choose()
    assert ports.choose(free) == free
    assert ports.choose(free, taken=frozenset({free})) != free
