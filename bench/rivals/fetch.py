"""What the peers need, fetched once into the cache of scripts/setup-tests: jars, and the jobs compiled against them."""

import hashlib
import pathlib
import shutil
import subprocess

import place  # noqa: F401  it makes the rig known
from rig import cache

HERE = pathlib.Path(__file__).resolve().parent
FETCH_TIMEOUT_S = 1800


class NotMeasured(Exception):
    """Why a peer cannot be measured."""


def run(command, problem):
    """Runs `command`; NotMeasured with `problem` and what it said when it fails."""
    try:
        subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True,
                       timeout=FETCH_TIMEOUT_S)
    except FileNotFoundError:
        raise NotMeasured(f"{problem}: there is no {command[0]}") from None
    except subprocess.TimeoutExpired:
        raise NotMeasured(f"{problem}: not done within {FETCH_TIMEOUT_S} s") from None
    except subprocess.CalledProcessError as failure:
        said = [line for line in (failure.stdout + failure.stderr).splitlines() if "ERROR" in line or "error" in line]
        raise NotMeasured(f"{problem}: {said[0] if said else failure}") from None


def is_made_of(folder, sources):
    """Whether the folder was made of these files as they are now."""
    stamp = folder / "stamp"
    return stamp.exists() and stamp.read_text() == digest(sources)


def digest(sources):
    total = hashlib.sha256()
    for source in sources:
        total.update(source.read_bytes())
    return total.hexdigest()


def make(folder, sources, fill):
    """Makes the folder new with `fill(folder)` unless it is there and current; the stamp is written last."""
    if not is_made_of(folder, sources):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        fill(folder)
        (folder / "stamp").write_text(digest(sources))
    return folder


def jars(name):
    """The folder with the jars of jars/NAME.xml."""
    recipe = HERE / f"jars/{name}.xml"

    def fill(folder):
        run(["mvn", "--quiet", "--batch-mode", "-Dstyle.color=never", "--file", recipe,
             "dependency:copy-dependencies", f"-DoutputDirectory={folder}"], f"the jars of {name} could not be fetched")
    return make(cache.ROOT / "rivals" / name, [recipe], fill)


def job(name, jars_name):
    """The class path of NAME.java, compiled, and of what it needs."""
    source, needed = HERE / f"{name}.java", jars(jars_name)

    def fill(folder):
        run(["javac", "-d", folder, "-cp", f"{needed}/*", source], f"{name}.java could not be compiled")
    folder = make(cache.ROOT / "rivals" / f"{jars_name}-job", [source, HERE / f"jars/{jars_name}.xml"], fill)
    return f"{folder}:{needed}/*"


def jar_version(folder, prefix):
    """The version in the name of a jar, "flink-core-2.2.0.jar" for "flink-core-"."""
    return next(path.stem.removeprefix(prefix) for path in sorted(folder.glob(f"{prefix}[0-9]*.jar")))
