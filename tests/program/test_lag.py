"""`eagre lag`: how many files wait, by pipeline and by checkpoint; a broker that is not there. Lag in records is
in tests/spark, where a real broker is."""

import json
import os
import signal
import socket
import time

import pytest

from program import run

SOURCE = "STREAM read_files('{path}', format => 'json', schema => 'n INT', maxFilesPerTrigger => 1)"
KAFKA = ("CREATE SINK out USING noop; CREATE FLOW f AS INSERT INTO out SELECT value FROM STREAM "
         "read_kafka(bootstrapServers => '{servers}', subscribe => 'orders');")


def write_files(folder, first, count):
    folder.mkdir(exist_ok=True)
    for index in range(first, first + count):
        path = folder / f"f {index}.json"
        path.write_text(f'{{"n":{index}}}\n')
        os.utime(path, (1_790_000_000 + index, 1_790_000_000 + index))


@pytest.fixture
def site(tmp_path):
    """A flow `f` over three files whose names need quoting in the log, not run yet."""
    write_files(tmp_path / "in", 0, 3)
    write_pipeline(tmp_path, "in")
    return tmp_path


def write_pipeline(site, path):
    (site / "p.sql").write_text(
        f"CREATE SINK out USING noop; CREATE FLOW f AS INSERT INTO out SELECT * FROM {SOURCE.format(path=path)};")


def lag(site, *arguments):
    done = run("lag", *(arguments or ["p.sql"]), "--format", "json", cwd=site)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def run_flow(site, crash_at=None):
    env = {"EAGRE_CRASH_AT": crash_at} if crash_at else None
    return run("run", "p.sql", "--available-now", "--cores", "1", cwd=site, env=env)


def row(site, flow, taken, waiting, name="in"):
    return {"flow": flow, "source": 0, "kind": "files", "name": str(site / name), "position": taken,
            "end": taken + waiting, "lag": waiting}


def test_before_the_first_run_everything_waits(site):
    assert lag(site) == [row(site, "f", 0, 3)]
    assert sorted(each.name for each in site.iterdir()) == ["in", "p.sql"]


def test_files_that_came_after_a_run_wait(site):
    assert run_flow(site).returncode == 0
    assert lag(site) == [row(site, "f", 3, 0)]
    write_files(site / "in", 3, 2)
    (site / "in/_hidden.json").write_text("{}\n")
    (site / "in/.hidden.json").write_text("{}\n")
    (site / "in/half._COPYING_").write_text("{}\n")
    (site / "in/folder").mkdir()
    assert lag(site) == [row(site, "f", 3, 2)]
    assert lag(site, "eagre-data/checkpoints/f") == [row(site, "", 3, 2)]
    assert run_flow(site).returncode == 0
    assert lag(site) == [row(site, "f", 5, 0)]


def test_a_planned_epoch_is_not_done(site):
    assert run_flow(site, crash_at="epoch.after_offsets:2").returncode == -signal.SIGKILL
    assert lag(site) == [row(site, "f", 1, 2)]
    assert lag(site, "eagre-data/checkpoints/f") == [row(site, "", 1, 2)]


def test_taken_files_that_were_removed_count_as_taken(site):
    assert run_flow(site).returncode == 0
    (site / "in/f 0.json").unlink()
    write_files(site / "in", 3, 1)
    assert lag(site) == [row(site, "f", 3, 1)]


def test_a_compacted_log_is_read(site):
    write_files(site / "in", 3, 10)
    assert run_flow(site).returncode == 0
    assert (site / "eagre-data/checkpoints/f/sources/0/9.compact").exists()
    write_files(site / "in", 13, 1)
    assert lag(site) == [row(site, "f", 13, 1)]


def test_files_behind_a_glob(site):
    write_pipeline(site, "{in,more}/f*.json")
    write_files(site / "more", 0, 2)
    assert lag(site) == [row(site, "f", 0, 5, "{in,more}/f*.json")]
    assert run_flow(site).returncode == 0
    (site / "more/g.json").write_text("{}\n")
    write_files(site / "more", 2, 1)
    assert lag(site) == [row(site, "f", 5, 1, "{in,more}/f*.json")]
    done = run("lag", "eagre-data/checkpoints/f", cwd=site)
    assert done.returncode == 2
    assert "error: [LAG_NEEDS_PIPELINE]" in done.stderr and "help: give the pipeline file" in done.stderr


def test_lag_as_table(site):
    (site / "p.sql").write_text(
        "CREATE SINK out USING noop;"
        f"CREATE FLOW quick AS INSERT INTO out SELECT * FROM {SOURCE.format(path='in')};"
        "CREATE FLOW r AS INSERT INTO out SELECT * FROM STREAM rate(rowsPerSecond => 1);")
    width = len(str(site / "in"))
    assert run("lag", "p.sql", cwd=site).stdout.splitlines() == [
        f"flow   {'source':{width}}  position  end  lag",
        f"quick  {site / 'in'}  0         3    3 files",
        f"r      {'rate':{width}}  -         -    -",
    ]


def test_a_folder_that_is_not_there(site):
    write_pipeline(site, "nowhere")
    done = run("lag", "p.sql", cwd=site)
    assert done.returncode == 2
    assert "error: [PATH_NOT_FOUND]" in done.stderr and "p.sql:1:" in done.stderr and "^" in done.stderr


def test_a_checkpoint_of_another_query(site):
    assert run_flow(site).returncode == 0
    offsets = site / "eagre-data/checkpoints/f/offsets/2"
    offsets.write_text(offsets.read_text() + "\n-")
    (offsets.parent / ".2.crc").unlink()
    done = run("lag", "p.sql", cwd=site)
    assert done.returncode == 4
    assert "error: [CHECKPOINT_SOURCES_DIFFER]" in done.stderr


@pytest.mark.parametrize("arguments", [[], ["p.sql", "q.sql"], ["missing.sql"], ["p.sql", "--format", "csv"]])
def test_wrong_usage_exits_2(site, arguments):
    done = run("lag", *arguments, cwd=site)
    assert done.returncode == 2
    assert done.stdout == "" and done.stderr != ""


def test_what_is_no_checkpoint_exits_2(site):
    done = run("lag", "in", cwd=site)
    assert done.returncode == 2
    assert "error: [CHECKPOINT_NOT_FOUND]" in done.stderr


@pytest.fixture
def nobody():
    """An address of this machine where nobody listens, as long as the test lasts."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{held.getsockname()[1]}"


def test_a_broker_that_is_not_there_is_named_in_time(tmp_path, nobody):
    (tmp_path / "k.sql").write_text(KAFKA.format(servers=nobody))
    begin = time.monotonic()
    done = run("lag", "k.sql", "--startup-timeout", "2", cwd=tmp_path)
    assert done.returncode == 3, done.stderr
    assert nobody in done.stderr
    assert 1 < time.monotonic() - begin < 10
    assert sorted(each.name for each in tmp_path.iterdir()) == ["k.sql"]


def kafka_checkpoint():
    return os.path.join(os.path.dirname(__file__), "data/checkpoints/kafka")


def test_a_kafka_checkpoint_needs_brokers(nobody):
    done = run("lag", kafka_checkpoint())
    assert done.returncode == 2
    assert "error: [LAG_NEEDS_SERVERS]" in done.stderr and "--brokers" in done.stderr
    done = run("lag", kafka_checkpoint(), "--brokers", nobody, "--startup-timeout", "1")
    assert done.returncode == 3 and nobody in done.stderr


@pytest.mark.parametrize("servers", ["it's:1", "back\\slash:1", ""])
def test_brokers_that_are_none(servers):
    done = run("lag", kafka_checkpoint(), "--brokers", servers)
    assert done.returncode == 2
    assert "error: [LAG_NEEDS_SERVERS]" in done.stderr
