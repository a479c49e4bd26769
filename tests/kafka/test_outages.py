"""Brokers that are away, refuse, or crash while a flow runs; encrypted and authenticated connections."""

import json
import signal
import subprocess
import threading
import time

import pytest
from rig.kafka_broker import KafkaBroker, find_free_ports

from flow import Flow, values

USAGE = 2
IO = 3
TIMEOUT_SECONDS = 60


def numbered(first, count):
    return [(None, f"{number}".encode()) for number in range(first, first + count)]


class Reader(threading.Thread):
    """Collects the rows of a run."""

    def __init__(self, process):
        super().__init__(daemon=True)
        self.process = process
        self.rows = []
        self.start()

    def run(self):
        for line in self.process.stdout:
            self.rows.append(json.loads(line)["value"])

    def wait_for(self, count):
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while len(self.rows) < count:
            assert self.process.poll() is None, self.process.stderr.read()
            assert time.monotonic() < deadline, f"{len(self.rows)} rows of {count}"
            time.sleep(0.02)


def test_a_topic_that_is_not_there(broker, topic, tmp_path):
    broker.create_topic(f"{topic}-clicks")
    flow = Flow(tmp_path, broker, subscribe=f"{topic}-click")
    flow.fails(USAGE, "UNKNOWN_TOPIC_OR_PARTITION", f"did you mean '{topic}-clicks'")
    assert not (tmp_path / "checkpoint").exists()


def test_the_broker_crashes_and_comes_back(topic, tmp_path):
    with KafkaBroker(tmp_path / "broker") as own:
        own.create_topic(topic, partitions=2)
        own.produce(topic, numbered(0, 100))
        (tmp_path / "flow").mkdir()
        process = Flow(tmp_path / "flow", own, subscribe=topic).start()
        reader = Reader(process)
        try:
            reader.wait_for(100)
            own.kill()
            time.sleep(2)
            own.start()
            own.produce(topic, numbered(100, 100))
            reader.wait_for(200)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(TIMEOUT_SECONDS)
        assert process.returncode == 0
        reader.join(TIMEOUT_SECONDS)
        assert sorted(map(int, reader.rows)) == list(range(200))


def test_a_broker_that_falls_silent(topic, tmp_path):
    with KafkaBroker(tmp_path / "broker") as own:
        own.create_topic(topic)
        own.produce(topic, numbered(0, 10))
        (tmp_path / "flow").mkdir()
        flow = Flow(tmp_path / "flow", own, subscribe=topic,
                    **{"kafka.default.api.timeout.ms": "2000", "kafka.request.timeout.ms": "1000"})
        process = flow.start()
        reader = Reader(process)
        reader.wait_for(10)
        own.pause()
        try:
            assert process.wait(TIMEOUT_SECONDS) == IO
        finally:
            own.resume()
        assert "KAFKA_REQUEST_FAILED" in process.stderr.read()
        own.produce(topic, numbered(10, 5))
        assert values(flow.rows()) == [str(number) for number in range(10, 15)]


# ---- Security --------------------------------------------------------------------------------------


class GuardedBroker(KafkaBroker):
    """A broker that also listens with SASL (PLAIN) and with TLS."""

    def __init__(self, directory):
        super().__init__(directory)
        self.sasl_port, self.tls_port = find_free_ports(2)
        keys = self.directory.parent / "keys"
        make_keys(keys)
        names = {"PLAINTEXT": self.port, "SASL_PLAINTEXT": self.sasl_port, "SSL": self.tls_port}
        listeners = ",".join(f"{name}://127.0.0.1:{port}" for name, port in names.items())
        login = "org.apache.kafka.common.security.plain.PlainLoginModule"
        self._properties = [
            f"listeners={listeners},CONTROLLER://127.0.0.1:{self._controller_port}",
            f"advertised.listeners={listeners}",
            "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,"
            "SASL_PLAINTEXT:SASL_PLAINTEXT,SSL:SSL",
            "sasl.enabled.mechanisms=PLAIN",
            f'listener.name.sasl_plaintext.plain.sasl.jaas.config={login} required user_alice="alice-pw";',
            "ssl.keystore.type=PEM",
            f"ssl.keystore.location={keys}/server.pem",
            "ssl.truststore.type=PEM",
            f"ssl.truststore.location={keys}/ca.pem",
            "ssl.client.auth=none",
        ]
        self.authority = keys / "ca.pem"


def make_keys(folder):
    """An authority and a certificate of it for 127.0.0.1; server.pem holds key and certificate."""
    folder.mkdir()
    steps = [
        "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=authority",
        "req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=127.0.0.1",
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.crt -days 30 "
        "-extfile names.cnf",
    ]
    (folder / "names.cnf").write_text("subjectAltName=IP:127.0.0.1")
    for step in steps:
        subprocess.run(["openssl", *step.split()], cwd=folder, check=True, capture_output=True)
    parts = [(folder / name).read_text() for name in ("server.key", "server.crt")]
    (folder / "server.pem").write_text("".join(parts))


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    with GuardedBroker(tmp_path_factory.mktemp("guarded") / "broker") as broker:
        yield broker


def jaas(password):
    login = "org.apache.kafka.common.security.plain.PlainLoginModule"
    return f'{login} required username="alice" password="{password}";'


def test_a_login_module_of_java(guarded, topic, tmp_path):
    guarded.create_topic(topic)
    guarded.produce(topic, numbered(0, 3))
    options = {"bootstrapServers": f"127.0.0.1:{guarded.sasl_port}",
               "kafka.security.protocol": "SASL_PLAINTEXT", "kafka.sasl.mechanism": "PLAIN"}
    flow = Flow(tmp_path, guarded, subscribe=topic, **options)
    done = flow.fails(IO, "KAFKA_AUTHENTICATION_FAILED", **{"kafka.sasl.jaas.config": jaas("wrong")})
    assert "wrong" not in done.stderr
    assert values(flow.rows(**{"kafka.sasl.jaas.config": jaas("alice-pw")})) == ["0", "1", "2"]


def test_encrypted_connections(guarded, topic, tmp_path):
    guarded.create_topic(topic)
    guarded.produce(topic, numbered(0, 3))
    options = {"bootstrapServers": f"127.0.0.1:{guarded.tls_port}", "kafka.security.protocol": "SSL"}
    flow = Flow(tmp_path, guarded, subscribe=topic, **options)
    assert values(flow.rows(**{"kafka.ssl.truststore.type": "PEM",
                               "kafka.ssl.truststore.location": guarded.authority})) == ["0", "1", "2"]
