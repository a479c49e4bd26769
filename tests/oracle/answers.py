"""Files of Spark's answers: a head with versions and the hash of what was asked, then one answer a line."""

import json


def spell(value):
    return json.dumps(value, ensure_ascii=False)


def read(path):
    """The answers by question; none when they were never recorded."""
    return json.loads(path.read_text())["answers"] if path.exists() else {}


def is_stale(path, sha256):
    return not path.exists() or json.loads(path.read_text())["sha256"] != sha256


def write(path, session, sha256, answers):
    from rig.spark_session import java_version  # not there where `make test` uses this module
    head = {"spark": session.version, "java": java_version(session), "sha256": sha256}
    lines = [f" {spell(question)}: {spell(answer)}" for question, answer in answers.items()]
    path.parent.mkdir(exist_ok=True)
    path.write_text(spell(head)[:-1] + ', "answers": {\n' + ",\n".join(lines) + "\n}}\n")
