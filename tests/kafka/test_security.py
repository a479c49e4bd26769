"""Who may read: users, certificates, and what is said when they are wrong. Secrets are shown nowhere."""

import ast
import contextlib
import os
import socket
import ssl
import subprocess
import threading

import pytest

from flow import Flow, program, values
from guarded import SCRAM, GuardedBroker, jaas

USAGE = 2
IO = 3


def numbered(first, count):
    return [(None, f"{number}".encode()) for number in range(first, first + count)]


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    with GuardedBroker(tmp_path_factory.mktemp("guarded") / "broker") as broker:
        yield broker


@pytest.fixture
def filled(guarded, topic):
    """A topic with three records."""
    guarded.create_topic(topic)
    guarded.produce(topic, numbered(0, 3))
    return topic


ALL = ["0", "1", "2"]


def test_a_login_module_of_java(guarded, filled, tmp_path):
    flow = Flow(tmp_path, guarded, subscribe=filled, **guarded.sasl())
    done = flow.fails(IO, "KAFKA_AUTHENTICATION_FAILED", **{"kafka.sasl.jaas.config": jaas("alice", "wrong")})
    assert "wrong" not in done.stderr
    assert values(flow.rows(**{"kafka.sasl.jaas.config": jaas("alice", "alice-pw")})) == ALL


def test_names_of_librdkafka(guarded, filled, tmp_path):
    flow = Flow(tmp_path, guarded, subscribe=filled, **guarded.sasl(), **{"kafka.sasl.username": "alice"})
    flow.fails(IO, "KAFKA_AUTHENTICATION_FAILED", **{"kafka.sasl.password": "no"})
    assert values(flow.rows(**{"kafka.sasl.password": "alice-pw"})) == ALL


def test_the_server_wants_a_user(guarded, filled, tmp_path):
    flow = Flow(tmp_path, guarded, subscribe=filled, bootstrapServers=f"127.0.0.1:{guarded.sasl_port}")
    flow.write()
    done = subprocess.run(flow.command("--startup-timeout", "3"), cwd=tmp_path, capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == IO
    assert "KAFKA_BROKER_UNREACHABLE" in done.stderr and "kafka.security.protocol" in done.stderr


LIBRDKAFKA = ("--set", "eagre.kafka.client=librdkafka")
NATIVE = ("--set", "eagre.kafka.client=native")


def test_scram_by_librdkafka(guarded, filled, tmp_path):
    """Before 2.6.1 librdkafka does SCRAM in a way that this broker refuses: the error says so."""
    flow = Flow(tmp_path, guarded, subscribe=filled, **guarded.sasl("SCRAM-SHA-256"))
    done = flow.run(*LIBRDKAFKA, **{"kafka.sasl.jaas.config": jaas("bob", "bob-pw", SCRAM)})
    if done.returncode == 0:
        assert len(done.stdout.splitlines()) == 3
    else:
        assert done.returncode == IO
        for words in ("KAFKA_AUTHENTICATION_FAILED", "SCRAM", "2.6.1"):
            assert words in done.stderr
    flow.fails(IO, "KAFKA_AUTHENTICATION_FAILED", **{"kafka.sasl.jaas.config": jaas("bob", "no", SCRAM)})


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "SCRAM-SHA-512"])
@pytest.mark.parametrize("is_secured", [False, True])
def test_scram_by_the_native_client(guarded, filled, tmp_path, mechanism, is_secured):
    """Topics, offsets, records: nothing of it asks librdkafka."""
    flow = Flow(tmp_path, guarded, subscribe=filled, **guarded.sasl(mechanism, is_secured))
    right, wrong = ({"kafka.sasl.jaas.config": jaas("bob", password, SCRAM)} for password in ("bob-pw", "bob-no"))
    refused = flow.run(*NATIVE, **wrong)
    assert refused.returncode == IO
    assert "KAFKA_AUTHENTICATION_FAILED" in refused.stderr and mechanism in refused.stderr
    assert "bob-no" not in refused.stderr
    assert values(flow.rows(*NATIVE, **right)) == ALL
    guarded.produce(filled, numbered(3, 2))
    assert values(flow.rows(*NATIVE, **right)) == ["3", "4"]


def test_a_mechanism_the_broker_does_not_offer(guarded, filled, tmp_path):
    flow = Flow(tmp_path, guarded, subscribe=filled, **guarded.sasl("PLAIN", is_secured=True))
    done = flow.run(*NATIVE, **{"kafka.sasl.jaas.config": jaas("bob", "bob-pw")})
    assert done.returncode == IO
    assert "KAFKA_AUTHENTICATION_FAILED" in done.stderr and "the broker offers SCRAM-SHA-" in done.stderr


@contextlib.contextmanager
def impostor(keys, name):
    """A server that can TLS and nothing else, with that certificate; its address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(keys / f"{name}.pem")
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as secured:
                secured.recv(1)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


@pytest.mark.parametrize("name, reason", [("expired", "certificate has expired"), ("elsewhere", "IP address mismatch"),
                                          ("unknown", "unable to get local issuer certificate")])
def test_certificates_that_are_refused(guarded, tmp_path, name, reason):
    """The error names the address and the reason."""
    with impostor(guarded.keys, name) as address:
        flow = Flow(tmp_path, guarded, subscribe="t", **{**guarded.tls(), "bootstrapServers": address})
        flow.write()
        done = subprocess.run(flow.command("--startup-timeout", "3", *NATIVE), cwd=tmp_path, capture_output=True,
                              text=True, timeout=60, check=False)
    assert done.returncode == IO
    for words in ("KAFKA_BROKER_UNREACHABLE", address, f"certificate verify failed: {reason}"):
        assert words in " ".join(done.stderr.split())


def test_host_names_are_not_checked_where_nobody_wants_that(guarded, filled, tmp_path):
    """A certificate for another host, and ssl.endpoint.identification.algorithm is empty."""
    options = {**guarded.tls(guarded.elsewhere_port), "kafka.ssl.endpoint.identification.algorithm": ""}
    assert values(Flow(tmp_path, guarded, subscribe=filled, **options).rows(*NATIVE)) == ALL


def test_encrypted_connections(guarded, filled, tmp_path):
    assert values(Flow(tmp_path, guarded, subscribe=filled, **guarded.tls()).rows()) == ALL


def fails_in_time(folder, broker, topic, *words, **options):
    """Exit status 3 within the start-up time."""
    flow = Flow(folder, broker, subscribe=topic, **options)
    flow.write()
    done = subprocess.run(flow.command("--startup-timeout", "3"), cwd=folder, capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == IO, done.stderr
    for word in ("KAFKA_BROKER_UNREACHABLE", *words):
        assert word in done.stderr


def test_a_server_of_another_authority(guarded, filled, tmp_path):
    fails_in_time(tmp_path, guarded, filled, "certificate verify failed", **guarded.tls(authority="stranger.pem"))


def test_a_client_with_a_certificate(guarded, filled, tmp_path):
    (tmp_path / "pem").mkdir()
    (tmp_path / "p12").mkdir()
    options = guarded.tls(guarded.mutual_port)
    flow = Flow(tmp_path / "pem", guarded, subscribe=filled, **options,
                **{"kafka.ssl.keystore.type": "PEM", "kafka.ssl.keystore.location": guarded.keys / "client.pem"})
    assert values(flow.rows()) == ALL
    flow = Flow(tmp_path / "p12", guarded, subscribe=filled, **options,
                **{"kafka.ssl.keystore.type": "PKCS12", "kafka.ssl.keystore.location": guarded.keys / "client.p12",
                   "kafka.ssl.keystore.password": "store-pw"})
    assert values(flow.rows()) == ALL


def test_a_client_without_or_with_a_wrong_certificate(guarded, filled, tmp_path):
    (tmp_path / "none").mkdir()
    (tmp_path / "wrong").mkdir()
    options = guarded.tls(guarded.mutual_port)
    fails_in_time(tmp_path / "none", guarded, filled, **options)
    fails_in_time(tmp_path / "wrong", guarded, filled, **options,
                  **{"kafka.ssl.keystore.type": "PEM", "kafka.ssl.keystore.location": guarded.keys / "unknown.pem"})


OAUTH = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule"
KERBEROS = "com.sun.security.auth.module.Krb5LoginModule"


def validate(folder, broker, options):
    flow = Flow(folder, broker, subscribe="t", **options)
    flow.write()
    return subprocess.run([program(), "validate", "flow.sql"], cwd=folder, capture_output=True, text=True,
                          timeout=60, check=False)


@pytest.mark.parametrize("options", [
    {"kafka.sasl.mechanism": "OAUTHBEARER", "kafka.security.protocol": "SASL_PLAINTEXT",
     "kafka.enable.sasl.oauthbearer.unsecure.jwt": "true", "kafka.sasl.oauthbearer.config": "principal=admin"},
    {"kafka.sasl.mechanism": "GSSAPI", "kafka.security.protocol": "SASL_PLAINTEXT",
     "kafka.sasl.kerberos.service.name": "kafka",
     "kafka.sasl.jaas.config": f'{KERBEROS} required useKeyTab=true keyTab="/etc/client.keytab" principal="client@EXAMPLE.COM";'},
])
def test_settings_of_other_mechanisms_pass(broker, tmp_path, options):
    done = validate(tmp_path, broker, options)
    assert done.returncode == 0, done.stderr


def test_tokens_of_a_server(broker, tmp_path):
    """librdkafka may be built without what asks for tokens, as Debian's is: the error names the setting."""
    done = validate(tmp_path, broker, {
        "kafka.sasl.mechanism": "OAUTHBEARER", "kafka.security.protocol": "SASL_SSL",
        "kafka.sasl.oauthbearer.token.endpoint.url": "https://127.0.0.1:1/token",
        "kafka.sasl.jaas.config": f'{OAUTH} required clientId="a" clientSecret="b-secret" scope="c";'})
    if done.returncode != 0:
        assert done.returncode == USAGE
        assert "kafka.sasl.oauthbearer.token.endpoint.url" in done.stderr and "in this build" in done.stderr
    assert "b-secret" not in done.stderr


# ---- Secrets -----------------------------------------------------------------------------------------

SECRET = "alice-pw"


def run(folder, *arguments, **environment):
    return subprocess.run([program(), *arguments], cwd=folder, env={**os.environ, "TZ": "UTC", **environment},
                          capture_output=True, text=True, timeout=60, check=False)


def everything_written(folder):
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.mark.parametrize("reference", ["${env:EAGRE_TEST_PW}", "${file:PATH}"])
def test_secrets_are_looked_up_and_shown_nowhere(guarded, filled, tmp_path, reference):
    """Logs at their loudest, progress, plan, exported program, checkpoint: the secret is in none of them."""
    (tmp_path / "pw").write_text(f"{SECRET}\n")
    (tmp_path / "flow").mkdir()
    reference = reference.replace("PATH", str(tmp_path / "pw"))
    flow = Flow(tmp_path / "flow", guarded, subscribe=filled, **guarded.sasl(),
                **{"kafka.sasl.jaas.config": jaas("alice", reference), "kafka.debug": "all"})
    flow.write()
    outputs = [run(tmp_path / "flow", *arguments, EAGRE_TEST_PW=SECRET) for arguments in [
        ("run", "flow.sql", "--available-now", "--progress", "json", "--log-level", "debug"),
        ("explain", "flow.sql"), ("explain", "flow.sql", "--format", "json"), ("validate", "flow.sql"),
        ("export", "flow.sql", "--to", "spark"), ("lag", "flow.sql"), ("checkpoint", "show", "checkpoint")]]
    for done in outputs:
        assert done.returncode == 0, done.stderr
        assert SECRET not in done.stdout + done.stderr
    assert len(outputs[0].stdout.splitlines()) == 3
    assert SECRET.encode() not in everything_written(tmp_path / "flow")


def test_secrets_that_stand_in_the_file_are_hidden(guarded, filled, tmp_path):
    """Stars in the line an error shows; the exported program takes them from its environment."""
    flow = Flow(tmp_path, guarded, subscribe=filled, **guarded.sasl(),
                **{"kafka.sasl.jaas.config": jaas("alice", SECRET)})
    flow.write()
    exported = run(tmp_path, "export", "flow.sql", "--to", "spark")
    assert exported.returncode == 0 and SECRET not in exported.stdout
    assert '.option("kafka.sasl.jaas.config", os.environ["KAFKA_SASL_JAAS_CONFIG"])' in exported.stdout
    assert "import os\n" in exported.stdout
    ast.parse(exported.stdout)
    explained = run(tmp_path, "explain", "flow.sql")
    assert explained.returncode == 0 and SECRET not in explained.stdout
    wrong = flow.fails(USAGE, "UNKNOWN_TOPIC_OR_PARTITION", "***", subscribe=f"{filled}-x")
    assert SECRET not in wrong.stderr


def test_exported_programs_look_references_up(guarded, tmp_path):
    flow = Flow(tmp_path, guarded, subscribe="t",
                **{"kafka.sasl.jaas.config": jaas("alice", "${env:PW}"), "kafka.ssl.key.password": "${file:/run/pw}"})
    flow.write()
    exported = run(tmp_path, "export", "flow.sql", "--to", "spark", PW=SECRET)
    assert exported.returncode == 0, exported.stderr
    ast.parse(exported.stdout)
    assert 'password=\\"" + os.environ["PW"] + "\\";"' in exported.stdout
    assert '.option("kafka.ssl.key.password", Path("/run/pw").read_text()' in exported.stdout


def test_secrets_that_are_not_there(guarded, tmp_path):
    flow = Flow(tmp_path, guarded, subscribe="t", **{"kafka.sasl.password": "${env:EAGRE_TEST_NOT_SET}"})
    flow.fails(USAGE, "SECRET_NOT_FOUND", "EAGRE_TEST_NOT_SET", "flow.sql:", "^^^")
    flow.fails(USAGE, "SECRET_NOT_FOUND", "/nowhere/pw", "No such file", **{"kafka.sasl.password": "${file:/nowhere/pw}"})
    assert not (tmp_path / "checkpoint").exists()


@pytest.mark.parametrize("sql", [
    "SELECT '${env:HOME}'", "SELECT concat('a', '${file:/etc/hostname}')",
    "SELECT * FROM read_files('${env:HOME}', format => 'text')",
    "SELECT * FROM read_kafka(bootstrapServers => 'localhost:1', subscribe => '${env:HOME}')",
    "SELECT * FROM read_kafka(bootstrapServers => 'localhost:1', subscribe => 't', "
    "`kafka.client.id` => concat('${env:HOME}', 'a'))",
])
def test_secrets_stand_in_settings_of_kafka_only(tmp_path, sql):
    done = run(tmp_path, "query", sql)
    assert done.returncode == USAGE
    assert "SECRET_NOT_ALLOWED" in done.stderr and "^^^" in done.stderr
    assert os.environ.get("HOME", "/root") not in done.stderr


@pytest.mark.parametrize("statement", ["SET spark.sql.session.timeZone = '${env:TZ}'",
                                       "CREATE STREAMING TABLE t LOCATION '${env:HOME}/t' AS SELECT 1",
                                       "CREATE SINK s USING kafka OPTIONS ('topic' = '${env:HOME}')"])
def test_secrets_stand_in_no_statement(tmp_path, statement):
    (tmp_path / "p.sql").write_text(f"{statement};\nCREATE SINK o USING noop;\n"
                                    "CREATE FLOW f AS INSERT INTO o SELECT * FROM STREAM rate();")
    done = run(tmp_path, "validate", "p.sql")
    assert done.returncode == USAGE and "SECRET_NOT_ALLOWED" in done.stderr


def test_secrets_of_a_sink(broker, topic, tmp_path):
    """Looked up at the start, with the place of the option; an exported program looks them up too."""
    broker.create_topic(topic)
    (tmp_path / "p.sql").write_text(f"""
CREATE SINK o USING kafka OPTIONS ('kafka.bootstrap.servers' = '${{env:EAGRE_TEST_BROKERS}}', 'topic' = '{topic}',
  'kafka.client.id' = '${{file:{tmp_path}/id}}');
CREATE FLOW f OPTIONS ('checkpointLocation' = 'c') AS INSERT INTO o
SELECT CAST(value AS STRING) AS value FROM STREAM rate_micro_batch(rowsPerBatch => 5);""")
    arguments = ("run", "p.sql", "--once")
    missing = run(tmp_path, *arguments, EAGRE_TEST_BROKERS=broker.address)
    assert missing.returncode == USAGE and "SECRET_NOT_FOUND" in missing.stderr and "p.sql:3:" in missing.stderr
    (tmp_path / "id").write_text("me")
    assert run(tmp_path, "export", "p.sql", "--to", "spark").returncode == 0
    done = run(tmp_path, *arguments, EAGRE_TEST_BROKERS=broker.address)
    assert done.returncode == 0, done.stderr
