"""Processes, and what they cost: seconds on the clock, seconds of the processor, memory."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


class Failed(Exception):
    """A process, or a check of what it did, failed: the row has no figure."""


@dataclass
class Cost:
    """Seconds on the clock and of the processor, and the greatest memory of one process; `spread` is how much
    slower the slowest of several runs was than the fastest, as a share."""
    wall: float
    cpu: float
    mebibytes: float
    spread: float = 0


def plus(first, second):
    """What two processes one after the other cost."""
    return Cost(first.wall + second.wall, first.cpu + second.cpu, max(first.mebibytes, second.mebibytes))


RUNNER = []
"""The program that starts what is measured and says what it cost; set when it has been compiled."""


def run(command, home=None, statuses=(0,), stdin=None, timeout=900):
    """Runs one process to its end; returns what it printed on stdout, and its cost."""
    environment = dict(os.environ, **({"PARLEY_HOME": str(home)} if home else {}))
    reader, writer = os.pipe()
    words = [*RUNNER, "spend", str(writer), *map(str, command)]
    try:
        with open(stdin or os.devnull, "rb") as source:
            done = subprocess.run(
                words, env=environment, stdin=source, capture_output=True, timeout=timeout, pass_fds=[writer])
        os.close(writer)
        with open(reader) as report:
            line = report.read().split()
    except subprocess.TimeoutExpired:
        raise Failed(f"{text_of(command)}: not done in {timeout} s") from None
    out, errors = (stream.decode(errors="replace") for stream in (done.stdout, done.stderr))
    if len(line) != 4 or int(line[0]) not in statuses:
        raise Failed(f"{text_of(command)}: ended with {line[:1]}: {errors[-600:] or out[-600:]}")
    return out, Cost(float(line[1]), float(line[2]), int(line[3]) / 1024)


def text_of(command):
    return " ".join(map(str, command))[:200]


def best(times, make):
    """The cheapest of several runs by the clock, with the spread: other work on the machine only ever adds."""
    costs = [make() for _ in range(times)]
    least = min(costs, key=lambda cost: cost.wall)
    least.spread = max(cost.wall for cost in costs) / least.wall - 1
    least.cpu = min(cost.cpu for cost in costs)
    return least


class Gauge:
    """Processor seconds and peak memory of a running process since the gauge was set on it."""

    def __init__(self, pid):
        self.folder = Path(f"/proc/{pid}")
        (self.folder / "clear_refs").write_text("5")  # Sets the peak back to what it has now.
        self.before = self._cpu()

    def _cpu(self):
        words = (self.folder / "stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def cpu(self):
        return self._cpu() - self.before

    @property
    def mebibytes(self):
        for line in (self.folder / "status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
        raise Failed(f"no VmHWM in {self.folder}/status")


def compiled(scratch):
    """The limit program, compiled."""
    program, source = Path(scratch) / "limit", Path(__file__).with_name("limit.c")
    compiler = shutil.which("cc") or shutil.which("clang")
    if not compiler:
        sys.exit("there is no C compiler: apt-get install gcc libsqlite3-dev libzstd-dev")
    words = [compiler, "-O2", "-D_GNU_SOURCE", "-o", program, source, "-lsqlite3", "-lzstd"]
    if subprocess.run(words).returncode != 0:
        sys.exit(f"{source} does not compile: apt-get install libsqlite3-dev libzstd-dev")
    RUNNER[:] = [program]
    return program


def percentile(values, share):
    """The value below which so large a share lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
