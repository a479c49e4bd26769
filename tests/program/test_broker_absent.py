"""`eagre run` where no broker answers: it ends by itself with exit status 3 after --startup-timeout, names the address,
and has made nothing. Whatever the silence looks like: nobody listens, nobody answers, everybody hangs up."""

import contextlib
import socket
import threading

import pytest

from program import run

IO = 3
STARTUP_SECONDS = "2"

SOURCE = """
CREATE SINK out USING noop;
CREATE FLOW f AS INSERT INTO out SELECT value FROM STREAM read_kafka(bootstrapServers => '{servers}', subscribe => 't');
"""
SINK = """
CREATE SINK out USING kafka OPTIONS ('kafka.bootstrap.servers' = '{servers}', 'topic' = 't');
CREATE FLOW f AS INSERT INTO out SELECT CAST(value AS STRING) AS value FROM STREAM rate(rowsPerSecond => 1);
"""


def address(listener):
    return f"127.0.0.1:{listener.getsockname()[1]}"


@contextlib.contextmanager
def nobody_listens():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield address(held)


@contextlib.contextmanager
def nobody_answers():
    """The kernel accepts connections; nobody reads what is sent over them."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield address(listener)


@contextlib.contextmanager
def nobody_lets_in():
    """A full queue of connections: the kernel drops whoever knocks, as a firewall does."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield address(listener)


@contextlib.contextmanager
def answering(reply):
    """Somebody who is no broker: sends `reply` to whoever connects, then hangs up."""
    def serve(listener):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                with connection, contextlib.suppress(OSError):
                    connection.recv(1000)
                    connection.sendall(reply)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,), daemon=True)
        thread.start()
        yield address(listener)
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def somebody_hangs_up():
    return answering(b"")


def a_web_server():
    return answering(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")


PLACES = [nobody_listens, nobody_answers, nobody_lets_in, somebody_hangs_up, a_web_server]


@pytest.mark.parametrize("pipeline", [SOURCE, SINK], ids=["source", "sink"])
@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_a_broker_that_is_not_there_ends_the_run(tmp_path, pipeline, place):
    with place() as servers:
        (tmp_path / "p.sql").write_text(pipeline.format(servers=servers))
        done = run("run", "p.sql", "--startup-timeout", STARTUP_SECONDS, cwd=tmp_path)
    assert done.returncode == IO, done.stderr
    assert f"[KAFKA_BROKER_UNREACHABLE] No broker of {servers} has answered within 2.0 s" in done.stderr
    assert "--startup-timeout" in done.stderr
    assert not list(tmp_path.glob("eagre-data/checkpoints/*/offsets/*"))


def test_all_addresses_are_named(tmp_path):
    with nobody_listens() as first, nobody_answers() as second:
        (tmp_path / "p.sql").write_text(SOURCE.format(servers=f"{first},{second}"))
        done = run("run", "p.sql", "--startup-timeout", STARTUP_SECONDS, cwd=tmp_path)
    assert done.returncode == IO, done.stderr
    assert f"No broker of {first},{second} has answered" in done.stderr
    assert "Connection refused" in done.stderr


def test_a_name_that_does_not_resolve(tmp_path):
    (tmp_path / "p.sql").write_text(SOURCE.format(servers="broker.invalid:9092"))
    done = run("run", "p.sql", "--startup-timeout", STARTUP_SECONDS, cwd=tmp_path)
    assert done.returncode == IO, done.stderr
    assert "No broker of broker.invalid:9092 has answered" in done.stderr
