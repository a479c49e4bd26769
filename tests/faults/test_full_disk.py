"""A disk that is full for real, a limit on the size of files, a disk that turns read-only: exit status 3 with the cause,
and the next start, on a disk that works, is exactly right.

The disk is a tmpfs of its own where this user may mount one; a limit on the size of files needs no right at all, and
whoever may not mount is stopped by the rights of a directory.
EAGRE_FAULTS_SEED repeats a run.
"""

import os
import shutil
import subprocess
import tempfile

import pytest

from faulty import check_rows, of_size
from numbered import Site, program

FILES = 6
TRIES = of_size(2, 8, 60)  # per flow
IO = 3
DISK_BYTES = 4 << 20
EPOCHS_BYTES = 400 << 10  # more than six epochs take
LIMIT_BYTES = 2000  # more than the smallest of our files, less than the largest


def mount(path):
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "none", path]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def may_mount():
    with tempfile.TemporaryDirectory() as path:
        if os.geteuid() != 0 or not mount(path):
            return False
        subprocess.run(["umount", path], check=True)
        return True


MAY_MOUNT = may_mount()
WAYS_TO_FILL = ["limit", "disk"] if MAY_MOUNT else ["limit"]
WAYS_TO_LOCK = ["disk"] if MAY_MOUNT else ["rights"] if os.geteuid() != 0 else []


@pytest.fixture
def place(folder, request):
    """A folder: on a disk of its own where that is asked for."""
    path = folder / "place"
    path.mkdir()
    if request.param != "disk":
        yield path
        return
    assert mount(path)
    yield path
    subprocess.run(["umount", path], check=True)


def assert_told(done, *classes):
    assert done.returncode == IO, done.stderr
    first = next(line for line in done.stderr.splitlines() if line.startswith("error: "))
    assert any(f"[{name}]" in first for name in classes), done.stderr
    assert "nothing is lost: the next start " in done.stderr, done.stderr


def finish(site, flow):
    site.add_files(1)
    done = site.run(flow)
    assert done.returncode == 0, done.stderr
    check_rows(site, flow)


def run_full(site, flow, left):
    """A run with so many bytes left on its disk."""
    state = os.statvfs(site.folder)
    ballast = site.folder.parent / "ballast"
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(1, state.f_bavail * state.f_bsize - left))
    done = site.run(flow)
    ballast.unlink()
    return done


def run_limited(site, flow, limit):
    """`ulimit -f`: a signal comes with it, which must not be the end of the program."""
    return subprocess.run(["prlimit", f"--fsize={limit}", *site.command(flow, cores=1)], cwd=site.folder,
                          env={**os.environ, "TZ": "UTC"}, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("flow", ["counts", "closed"])
@pytest.mark.parametrize("place", WAYS_TO_FILL, indirect=True)
def test_there_is_no_room(place, request, chance, flow):
    is_disk = request.node.callspec.params["place"] == "disk"
    failed = 0
    for number in range(TRIES):
        site = Site(place / f"{number}", file_count=FILES)
        for _ in range(2):  # still no room: the same once more, or the end
            done = run_full(site, flow, chance.randrange(EPOCHS_BYTES)) if is_disk \
                else run_limited(site, flow, chance.randrange(1, LIMIT_BYTES))
            if done.returncode != 0:
                assert_told(done, "DISK_FULL" if is_disk else "FILE_SIZE_LIMIT")
                failed += 1
        finish(site, flow)
        shutil.rmtree(site.folder)
    print(f"{failed} of {2 * TRIES} had no room")


def lock(place, way):
    """Nothing below may be written from here on. Returns what undoes it."""
    if way == "disk":
        subprocess.run(["mount", "-o", "remount,ro", place], check=True)
        return lambda: subprocess.run(["mount", "-o", "remount,rw", place], check=True)
    folders = [path for path in place.rglob("*") if path.is_dir()]
    for path in folders:
        path.chmod(0o555)
    return lambda: [path.chmod(0o755) for path in folders]


@pytest.mark.parametrize("flow", ["counts", "closed"])
@pytest.mark.parametrize("place", WAYS_TO_LOCK, indirect=True)
def test_nothing_may_be_written(place, request, flow):
    site = Site(place / "site", file_count=3)
    assert site.run(flow).returncode == 0
    site.add_files(1)
    unlock = lock(place, request.node.callspec.params["place"])
    done = site.run(flow)
    verified = subprocess.run([program(), "checkpoint", "verify", f"eagre-data/checkpoints/{flow}"], cwd=site.folder,
                              capture_output=True, text=True, timeout=60, check=False)
    unlock()
    assert_told(done, "READ_ONLY_FILE_SYSTEM", "PERMISSION_DENIED")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    finish(site, flow)
