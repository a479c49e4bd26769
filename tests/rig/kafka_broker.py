"""A real Kafka broker (KRaft, one node) on 127.0.0.1, for as long as a test lasts.

    with KafkaBroker(tmp_path) as broker:
        broker.create_topic("clicks", partitions=2)
        broker.produce("clicks", [(None, b'{"a":1}')])
        ... broker.address ...

`stop` ends the broker in order, `kill` crashes it, `start` brings it back on
the same ports with the same data: after `kill` it waits for its own old session
to expire (3 s here, 9 s as shipped). As a program it runs until interrupted:

    python -m rig.kafka_broker DIRECTORY
"""

import contextlib
import pathlib
import signal
import socket
import subprocess
import sys
import time
import uuid

from rig import cache

STEADY = "kafka-4.0"  # since 4.1 a broker that is killed may lose the ends of transactions (KAFKA-20734)
START_TIMEOUT_SECONDS = 300
STOP_TIMEOUT_SECONDS = 30
DELIVERY_TIMEOUT_SECONDS = 30

PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={directory}/logs
num.partitions=4
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=4
group.initial.rebalance.delay.ms=0
log.retention.ms=-1
auto.create.topics.enable=false
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
"""


def find_free_ports(count):
    """`count` different ports of 127.0.0.1 that nobody listened on just now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def answers(port):
    """Whether something accepts connections on `port`."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class KafkaBroker:
    """One broker: its directory, its ports and, while it runs, its process.

    `properties` are lines of server.properties that win over the rig's own; `format_arguments` go to
    the storage tool. With `joins` it is one more broker of the cluster of that one, which has to run.
    `jars` is the list its program comes from; STEADY is for those that are killed inside transactions.
    """

    def __init__(self, directory, heap="512m", properties=(), format_arguments=(), joins=None, jars="kafka"):
        self.directory = pathlib.Path(directory).resolve()
        self.log = self.directory / "broker.log"
        self.port, self.controller_port = find_free_ports(2)
        self._heap = heap
        self._jars = jars
        self._properties = list(properties)
        self._format_arguments = list(format_arguments)
        self.cluster = joins.cluster if joins else str(uuid.uuid4())
        if joins:
            self._properties += ["process.roles=broker", f"node.id={self.port}",
                                 f"controller.quorum.voters=1@127.0.0.1:{joins.controller_port}",
                                 f"listeners=PLAINTEXT://127.0.0.1:{self.port}"]
        self._process = None
        self._log_start = 0

    @property
    def address(self):
        """What goes into `kafka.bootstrap.servers`."""
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self):
        """The broker's process id, None while it is down."""
        return self._process.pid if self._process else None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """Starts the broker and returns when it accepts connections."""
        if not (self.directory / "logs").exists():
            self._format()
        with self.log.open("ab") as log:
            self._log_start = log.tell()
            self._process = subprocess.Popen(
                self._java(f"-Xms{self._heap}", f"-Xmx{self._heap}", "kafka.Kafka", self._config),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self._wait_until_ready()
        except BaseException:
            self.kill()
            raise

    def stop(self):
        """Ends the broker in order; it is killed when it takes too long."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def kill(self):
        """Crashes the broker: no flush, no goodbye."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self):
        """Freezes the broker: it is there but silent. `resume` thaws it."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self):
        self._process.send_signal(signal.SIGCONT)

    def create_topic(self, name, partitions=1, **config):
        """Creates a topic; `config` takes topic settings with `_` for `.`."""
        from confluent_kafka.admin import AdminClient, NewTopic
        settings = {key.replace("_", "."): str(value) for key, value in config.items()}
        topic = NewTopic(name, num_partitions=partitions, replication_factor=1, config=settings)
        admin = AdminClient({"bootstrap.servers": self.address})
        admin.create_topics([topic])[name].result(timeout=DELIVERY_TIMEOUT_SECONDS)

    def delete_topic(self, name):
        from confluent_kafka.admin import AdminClient
        admin = AdminClient({"bootstrap.servers": self.address})
        admin.delete_topics([name])[name].result(timeout=DELIVERY_TIMEOUT_SECONDS)

    def set_partitions(self, name, count):
        """Gives a topic more partitions; `count` is how many there are then."""
        from confluent_kafka.admin import AdminClient, NewPartitions
        admin = AdminClient({"bootstrap.servers": self.address})
        admin.create_partitions([NewPartitions(name, count)])[name].result(timeout=DELIVERY_TIMEOUT_SECONDS)

    def produce(self, topic, records, partition=None, **config):
        """Sends (key, value) pairs in order and returns when all are acknowledged.

        Raises when a record was not delivered, or when nothing moves any more: how long
        thousands of small batches take is for the machine to say. `config` takes producer
        settings with `_` for `.`.
        """
        from confluent_kafka import Producer
        failures = []
        settings = {key.replace("_", "."): value for key, value in config.items()}
        producer = Producer({"bootstrap.servers": self.address, "acks": "all",
                             "enable.idempotence": True, "linger.ms": 5, **settings})
        place = {} if partition is None else {"partition": partition}
        for key, value in records:
            while True:
                try:
                    producer.produce(topic, value, key, **place,
                                     on_delivery=lambda error, _: error and failures.append(error))
                    break
                except BufferError:
                    producer.poll(0.1)
        left = len(producer)
        while left:
            before, left = left, producer.flush(DELIVERY_TIMEOUT_SECONDS)
            if left == before:
                raise RuntimeError(f"{left} records unsent in {DELIVERY_TIMEOUT_SECONDS} s")
        if failures:
            raise RuntimeError(f"failures: {failures[:3]}")

    @property
    def _config(self):
        return self.directory / "server.properties"

    def _format(self):
        self.directory.mkdir(parents=True, exist_ok=True)
        text = PROPERTIES.format(port=self.port, controller=self.controller_port,
                                 directory=self.directory)
        self._config.write_text(text + "".join(f"{line}\n" for line in self._properties))
        subprocess.run(self._java("kafka.tools.StorageTool", "format", "-t", self.cluster,
                                  "-c", self._config, *self._format_arguments),
                       check=True, capture_output=True, timeout=START_TIMEOUT_SECONDS)

    def _java(self, *arguments):
        jars = cache.require(cache.jars(self._jars))
        return ["java", "-cp", f"{jars}/*", *map(str, arguments)]

    def _said(self, words):
        """Whether the broker logged `words` since its last start."""
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            return words.encode() in log.read()

    def _wait_until_ready(self):
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"the broker ended at once, see {self.log}")
            if answers(self.port) and self._said("Kafka Server started"):
                return
            time.sleep(0.1)
        raise TimeoutError(f"the broker was not ready in {START_TIMEOUT_SECONDS} s, see {self.log}")


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with KafkaBroker(sys.argv[1]) as broker, contextlib.suppress(KeyboardInterrupt):
        print(f"broker {broker.pid} on {broker.address}", flush=True)
        signal.pause()


if __name__ == "__main__":
    main()
