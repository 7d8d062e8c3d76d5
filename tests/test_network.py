"""Tests of the guard that keeps the tests on this machine."""

import socket

import pytest


def test_connect_to_another_host_is_refused() -> None:
    with (
        socket.socket() as client,
        pytest.raises(OSError, match="Tests connect to this machine"),
    ):
        client.connect(("192.0.2.1", 80))


def test_lookup_of_another_host_is_refused() -> None:
    with pytest.raises(socket.gaierror, match="this machine only"):
        socket.getaddrinfo("sellingpartnerapi-na.amazon.com", 443)


def test_connect_to_this_machine_is_allowed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection(server.getsockname()) as client:
            assert client.getpeername() == server.getsockname()
