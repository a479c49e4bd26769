"""A broker that also listens with SASL, with TLS, with both, with TLS for clients that have a certificate, and with a
certificate for another host."""

import subprocess

from rig.kafka_broker import KafkaBroker, find_free_ports

PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule"
SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule"


class GuardedBroker(KafkaBroker):
    """User alice (PLAIN), user bob (SCRAM); keys and certificates as PEM files in `keys`."""

    def __init__(self, directory):
        super().__init__(directory,
                         format_arguments=["--add-scram", "SCRAM-SHA-256=[name=bob,password=bob-pw]",
                                           "--add-scram", "SCRAM-SHA-512=[name=bob,password=bob-pw]"])
        ports = find_free_ports(5)
        self.sasl_port, self.tls_port, self.mutual_port, self.sasl_tls_port, self.elsewhere_port = ports
        self.keys = self.directory.parent / "keys"
        make_keys(self.keys)
        names = {"PLAINTEXT": self.port, "SASL_PLAINTEXT": self.sasl_port, "SSL": self.tls_port,
                 "MUTUAL": self.mutual_port, "SASL_SSL": self.sasl_tls_port, "ELSEWHERE": self.elsewhere_port}
        listeners = ",".join(f"{name}://127.0.0.1:{port}" for name, port in names.items())
        self._properties = [
            f"listeners={listeners},CONTROLLER://127.0.0.1:{self.controller_port}",
            f"advertised.listeners={listeners}",
            "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,"
            "SASL_PLAINTEXT:SASL_PLAINTEXT,SSL:SSL,MUTUAL:SSL,SASL_SSL:SASL_SSL,ELSEWHERE:SSL",
            "sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
            "listener.name.sasl_ssl.sasl.enabled.mechanisms=SCRAM-SHA-256,SCRAM-SHA-512",
            "connections.max.reauth.ms=60000",
            f'listener.name.sasl_plaintext.plain.sasl.jaas.config={PLAIN} required user_alice="alice-pw";',
            *[f"listener.name.{listener}.{mechanism}.sasl.jaas.config={SCRAM} required;"
              for listener in ("sasl_plaintext", "sasl_ssl") for mechanism in ("scram-sha-256", "scram-sha-512")],
            f"listener.name.elsewhere.ssl.keystore.location={self.keys}/elsewhere.pem",
            "ssl.keystore.type=PEM",
            f"ssl.keystore.location={self.keys}/server.pem",
            "ssl.truststore.type=PEM",
            f"ssl.truststore.location={self.keys}/ca.pem",
            "ssl.client.auth=none",
            "listener.name.mutual.ssl.client.auth=required",
        ]

    def sasl(self, mechanism="PLAIN", is_secured=False):
        """Options of read_kafka but for the login module."""
        if is_secured:
            return {**self.tls(self.sasl_tls_port), "kafka.security.protocol": "SASL_SSL", "kafka.sasl.mechanism": mechanism}
        return {"bootstrapServers": f"127.0.0.1:{self.sasl_port}", "kafka.security.protocol": "SASL_PLAINTEXT",
                "kafka.sasl.mechanism": mechanism}

    def tls(self, port=None, authority="ca.pem"):
        return {"bootstrapServers": f"127.0.0.1:{port or self.tls_port}", "kafka.security.protocol": "SSL",
                "kafka.ssl.truststore.type": "PEM", "kafka.ssl.truststore.location": self.keys / authority}


def jaas(user, password, module=PLAIN):
    return f'{module} required username="{user}" password="{password}";'


def make_keys(folder):
    """Two authorities, and certificates for 127.0.0.1, for a client, for another host, and one that has expired."""
    folder.mkdir()
    (folder / "names.cnf").write_text("subjectAltName=IP:127.0.0.1")
    authority = "req -x509 -newkey rsa:2048 -nodes -keyout {0}.key -out {0}.pem -days 30 -subj /CN={0}"
    request = "req -newkey rsa:2048 -nodes -keyout {0}.key -out {0}.csr -subj /CN={0}"
    (folder / "elsewhere.cnf").write_text("subjectAltName=IP:127.0.0.2,DNS:elsewhere.example")
    sign = "x509 -req -in {0}.csr -CA {1}.pem -CAkey {1}.key -CAcreateserial -out {0}.crt -days {2} -extfile {3}.cnf"
    steps = [authority.format("ca"), authority.format("stranger")]
    for name, by, days, names in (("server", "ca", 30, "names"), ("client", "ca", 30, "names"), ("unknown", "stranger", 30, "names"),
                                  ("elsewhere", "ca", 30, "elsewhere"), ("expired", "ca", -1, "names")):
        steps += [request.format(name), sign.format(name, by, days, names)]
    for step in steps:
        subprocess.run(["openssl", *step.split()], cwd=folder, check=True, capture_output=True)
    for name in ("server", "client", "unknown", "elsewhere", "expired"):
        parts = [(folder / f"{name}.{end}").read_text() for end in ("key", "crt")]
        (folder / f"{name}.pem").write_text("".join(parts))
    subprocess.run(["openssl", "pkcs12", "-export", "-in", "client.pem", "-out", "client.p12", "-passout", "pass:store-pw"],
                   cwd=folder, check=True, capture_output=True)
