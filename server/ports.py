"""Finding out, before a server starts, whether it can have its port."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from adapters.settings import Listen


class CannotListen(Exception):
    """An address cannot be listened on: it is not this machine's, or not this user's."""

    def __init__(self, listen: Listen, reason: str) -> None:
        super().__init__(f"cannot listen on {listen}: {reason}")
        self.listen = listen


class PortTaken(CannotListen):
    """Another process listens there."""

    def __init__(self, listen: Listen) -> None:
        super().__init__(listen, "the port is taken")


@contextmanager
def reserved(listen: Listen) -> Iterator[Listen]:
    """Give the numeric address of `listen` and keep others from taking it; port 0 becomes a free one.

    Servers that bind with SO_REUSEPORT, as granian does, would share a port with a stranger without a word. They
    can bind what is reserved here; nobody else can. Raises PortTaken or CannotListen.
    """
    family, address = _resolve(listen)
    with _bound(listen, family, address, socket.SO_REUSEADDR) as probe:
        host, port = probe.getsockname()[:2]
    held = Listen(host, port)
    with _hold(held, family, (host, port)):
        yield held


def _hold(listen: Listen, family: socket.AddressFamily, address: tuple[str, int]) -> socket.socket:
    try:
        return _bound(listen, family, address, socket.SO_REUSEPORT)
    except PortTaken:
        # Connections of an earlier server linger. Sharing with them means, until a server listens, that a stranger
        # could slip in.
        return _bound(listen, family, address, socket.SO_REUSEPORT, socket.SO_REUSEADDR)


def _resolve(listen: Listen) -> tuple[socket.AddressFamily, tuple[str, int]]:
    try:
        found = socket.getaddrinfo(listen.host, listen.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise CannotListen(listen, error.strerror or str(error)) from error
    family, _, _, _, address = found[0]
    return family, (str(address[0]), listen.port)


def _bound(listen: Listen, family: socket.AddressFamily, address: tuple[str, int], *options: int) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        for option in options:
            bound.setsockopt(socket.SOL_SOCKET, option, 1)
        bound.bind(address)
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(listen) from error
        raise CannotListen(listen, error.strerror or str(error)) from error
    return bound
