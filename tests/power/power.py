"""Power losses: from a record of file operations (traced_io.c) to the folders a loss may leave behind.

The rules are those of tests/unit/io/recording.h, weaker than any journaling file system:
  - a write is safe when a sync of its file began after it had ended, and has ended; otherwise it is kept, dropped, cut
    short, or its place holds zeros
  - a change of a name (create, link, rename, unlink, mkdir) is safe when a sync of its directory began after it had
    ended, and has ended; otherwise it is kept or dropped, each on its own, so that later ones may survive earlier ones
  - an operation that had begun and not ended may have happened or not
A process that dies takes nothing with it: what it had written and not synced is unsafe until somebody syncs it.
"""

import dataclasses
import json
import os

KEPT, DROPPED, CUT, ZEROED = "kept", "dropped", "cut short", "zeroed"
NEVER = float("inf")


@dataclasses.dataclass
class Event:
    """One operation that changes a file or a name, or a sync."""
    number: int
    kind: str
    begin: int  # moments: lines of the record
    end: float = NEVER
    path: str = None
    new_path: str = None
    inode: int = None  # of the file written, synced or named
    offset: int = 0
    data: bytes = b""
    ended: int = 0  # the how-manieth operation to end, in its process
    safe: float = NEVER  # the moment from which it is safe

    def describe(self):
        names = " -> ".join(name for name in (self.path, self.new_path) if name)
        size = f" {len(self.data)} bytes at {self.offset}" if self.kind == "write" else ""
        return f"#{self.number} {self.kind} {names}{size}"


class Trace:
    """A record as events. Paths are relative to `root`; what happens outside of it is left out."""

    def __init__(self, path, root):
        self.root = str(root)
        self.events = []
        self.processes = []  # the moments at which processes began
        self.names = {}      # path -> inode, as the record goes on
        self.inodes = 0
        self.descriptors = {}
        self.ended = 0
        self.length = 0
        self.read(path)
        self.find_safe_moments()

    # ---- Reading the record

    def read(self, path):
        open_events = {}
        with open(path, encoding="utf-8") as lines:
            for moment, line in enumerate(lines):
                row = json.loads(line)
                if "process" in row:
                    self.processes.append(moment)
                    open_events.clear()
                    self.ended = 0
                elif "begin" in row:
                    open_events[row["begin"]] = (row, self.begin(row, moment))
                else:
                    begun, event = open_events.pop(row["end"])
                    self.finish(begun, event, row["result"], moment)
                self.length = moment + 1
        self.events = [event for event in self.events if event.kind != "none"]
        for number, event in enumerate(self.events):
            event.number = number

    def relative(self, path):
        if path is None:
            return None
        path = os.path.normpath(path)
        if path == self.root:
            return ""
        return os.path.relpath(path, self.root) if path.startswith(self.root + "/") else None

    def begin(self, row, moment):
        event = Event(number=0, kind=row["kind"], begin=moment, path=self.relative(row.get("path")),
                      new_path=self.relative(row.get("new_path")))
        if event.kind in ("write", "sync"):
            event.path, event.inode = self.descriptors[row["descriptor"]]
            event.offset = row.get("offset", 0)
            event.data = bytes.fromhex(row.get("data", ""))
        if event.kind in ("link", "rename"):
            event.inode = self.names.get(event.path)
        if event.kind == "open":
            event.kind = "create" if row["creates"] and event.path not in self.names else "none"
            if event.kind == "create":
                self.inodes += 1
                event.inode = self.inodes
        if event.path is None and event.kind != "write":
            event.kind = "none"
        self.events.append(event)
        return event

    def finish(self, row, event, result, moment):
        self.ended += 1
        event.end, event.ended = moment, self.ended
        if row["kind"] == "open" and result >= 0:
            inode = event.inode if event.kind == "create" else self.names.get(event.path)
            self.descriptors[result] = (event.path, None if row["is_directory"] else inode)
        if result < 0:
            event.kind = "none"
        if event.kind == "write":
            event.data = event.data[:result]
        apply_name(self.names, event)

    # ---- What is safe when

    def find_safe_moments(self):
        syncs = [event for event in self.events if event.kind == "sync" and event.end < NEVER]
        for event in self.events:
            for sync in syncs:
                if sync.begin > event.end and covers(sync, event):
                    event.safe = min(event.safe, sync.end)

    def unsafe(self, moment):
        """Events that a loss at `moment` may undo."""
        return [event for event in self.events
                if event.begin < moment <= event.safe and event.kind != "sync"]

    def boundaries(self, since=0):
        """The moments at which syncs end: all that a loss could undo is undone just before one of them."""
        return [event.end for event in self.events if event.kind == "sync" and since < event.end < NEVER] + [self.length]

    # ---- Images

    def image(self, moment, outcomes):
        """path -> bytes, or None for a directory. `outcomes` says what became of unsafe events, by number; others
        are kept."""
        names, contents = {}, {}
        for event in self.events:
            if event.begin >= moment or event.kind == "sync":
                continue
            outcome = outcomes.get(event.number, KEPT)
            if event.kind == "write":
                apply_write(contents.setdefault(event.inode, bytearray()), event, outcome)
            elif outcome == KEPT:
                apply_name(names, event)
        return {path: None if inode is None else bytes(contents.get(inode, b""))
                for path, inode in sorted(names.items())}


def covers(sync, event):
    if event.kind == "write":
        return sync.inode is not None and sync.inode == event.inode
    if event.kind == "sync" or sync.inode is not None:
        return False
    return os.path.dirname(event.new_path or event.path) == sync.path


def apply_name(names, event):
    if event.kind in ("create", "link", "rename"):
        names[event.new_path or event.path] = event.inode
    if event.kind in ("rename", "unlink"):
        names.pop(event.path, None)
    if event.kind == "mkdir":
        names[event.path] = None


def apply_write(content, event, outcome):
    if outcome == DROPPED:
        return
    data = event.data
    if outcome == CUT:
        data = data[:len(data) // 2]
    if outcome == ZEROED:
        data = bytes(len(data))
    content.extend(bytes(max(0, event.offset + len(data) - len(content))))
    content[event.offset:event.offset + len(data)] = data


def write_image(image, folder):
    """Makes the image in `folder`. What lies in a directory that did not survive did not survive."""
    made = {""}
    for path, content in image.items():
        if os.path.dirname(path) not in made:
            continue
        if content is None:
            (folder / path).mkdir()
            made.add(path)
        else:
            (folder / path).write_bytes(content)


# ---- Choosing losses


def single_deviations(unsafe):
    """Everything kept, everything dropped, and all that differs from one of the two by one event."""
    everything = {event.number: DROPPED for event in unsafe}
    yield {}
    yield everything
    for event in unsafe:
        for outcome in (DROPPED, CUT, ZEROED) if event.kind == "write" else (DROPPED,):
            yield {event.number: outcome}
        yield {**everything, event.number: KEPT}


def random_combination(unsafe, chance):
    """Each event by itself, kept with a likelihood that is chosen first."""
    likelihood = chance.choice((0.2, 0.5, 0.8))
    return {event.number: chance.choice((DROPPED, CUT, ZEROED) if event.kind == "write" else (DROPPED,))
            for event in unsafe if chance.random() > likelihood}


def describe(trace, moment, outcomes):
    """The exact sequence, for a report: the last events before the loss and what became of the unsafe ones."""
    lines = [f"power loss at moment {moment} of {trace.length}"]
    for event in trace.unsafe(moment):
        lines.append(f"  {event.describe()}: {outcomes.get(event.number, KEPT)}")
    return "\n".join(lines)
