"""Figures, the goals of DESIGN.md section 9, and the tables that show them."""

import datetime
import os
import platform
import subprocess
from dataclasses import asdict, dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass
class Figure:
    """What one row measured at one size. `plain` holds the same figure of plain programs doing the same rows, the
    first of them is the one that ratios are taken to."""
    row: str
    size: str
    value: float
    unit: str
    plain: dict = field(default_factory=dict)
    cpu: float | None = None
    """Processor seconds of the process (and of the server, where it worked too)."""
    plain_cpu: float | None = None
    mebibytes: float | None = None
    spread: float = 0
    note: str = ""

    @property
    def grows_better(self):
        return self.unit.endswith("/s")

    @property
    def ratio(self):
        """How good parley is beside the first plain program: 1 is as good, 0.5 half as good."""
        other = next(iter(self.plain.values()), None)
        if not other or not self.value:
            return None
        return self.value / other if self.grows_better else other / self.value

    @property
    def cpu_ratio(self):
        return self.plain_cpu / self.cpu if self.cpu and self.plain_cpu else None


@dataclass
class Goal:
    """`least` and `then` of section 9: of the figure, or of its ratio; at the size that it is for, if it is for one."""
    least: float
    then: float
    of: str = "value"
    at: str = ""

    def verdict(self, figure):
        if self.at not in ("", figure.size):
            return f"for {self.at}"
        got = figure.ratio if self.of == "ratio" else figure.value
        if got is None:
            return "not compared"
        better = (lambda want: got >= want) if self.of == "ratio" or figure.grows_better else (lambda want: got <= want)
        if better(self.then):
            return "then"
        if better(self.least):
            return "at least"
        return f"MISSED x{max(got / self.least, self.least / got):.2f}"

    def text(self):
        of = " of plain" if self.of == "ratio" else ""
        return f"{number(self.least)} / {number(self.then)}{of}"


LIMIT = Goal(0.35, 0.5, "ratio")
MEMORY = Goal(128, 96)
GOALS = {
    "import csv": LIMIT, "import jsonl": LIMIT,
    "clone": Goal(0.25, 0.5, "ratio"), "clone: bytes": Goal(45, 38, at="100,000"),
    "clone: server memory": Goal(128, 96), "merge, half conflicting": Goal(300e3, 420e3, at="100,000"),
    "one field to a replica": Goal(2, 1.35), "live, 1 client": Goal(1, 0.45), "live, 100 clients": Goal(5, 1.8, at="100"),
    "live, 1,000 clients": Goal(25, 8, at="1,000"), "10 replicas agree": Goal(9, 4.5, at="10 x 1,000"), "set": Goal(50, 20),
    "set --sync, sync": Goal(120, 60), "nothing to sync: bytes": Goal(1024, 300),
    "nothing to sync: round trips": Goal(1, 1), "bytes a write, bulk": Goal(8, 6),
    "bytes a write, 64 scattered": Goal(24, 20), "bytes of one edit": Goal(200, 160),
    "server memory, idle clients and a clone": Goal(128, 64, at="1,000, 100,000"),
    "ach": Goal(100, 100), "ach rank": Goal(100, 100), "report": Goal(100, 100), "lint": Goal(2000, 2000),
    "100 clients push": Goal(20e3, 50e3, at="100 x 1,000"),
}


def goal_of(figure):
    """A client's memory in any clone or import has the same goal."""
    return GOALS.get(figure.row) or (MEMORY if figure.row.endswith(": memory") else None)


def number(value):
    if value is None:
        return ""
    if value >= 1e6:
        return f"{value / 1e6:.2f} M"
    if value >= 10_000:
        return f"{value / 1e3:.0f} k"
    if 0 < value < 0.01:
        return f"{value:.2g}"
    return f"{value:.3g}" if value < 100 else f"{value:,.0f}"


HEADINGS = ["work", "size", "parley", "CPU s", "MiB", "plain", "ratio", "of CPU", "least / then", "goal", "spread"]


def cells(figure, is_whole):
    goal = goal_of(figure)
    plain = ", ".join(f"{name} {number(value)}" for name, value in figure.plain.items())
    optional = lambda value, form: "" if value is None else format(value, form)
    return [
        figure.row, figure.size, f"{number(figure.value)} {figure.unit}", number(figure.cpu),
        optional(figure.mebibytes, ".0f"), plain, optional(figure.ratio, ".2f"), optional(figure.cpu_ratio, ".2f"),
        goal.text() if goal else "", goal.verdict(figure) if goal and is_whole else "",
        f"{figure.spread:.0%}" if figure.spread else "",
    ]


def largest(figures):
    """Goals are for the larger size, the last of a row."""
    return {figure.row: figure for figure in figures}


def table(figures):
    last = largest(figures)
    return [HEADINGS] + [cells(figure, last[figure.row] is figure) for figure in figures]


def aligned(rows):
    widths = [max(map(len, column)) for column in zip(*rows)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)


def notes(figures):
    """Each row's remark, once."""
    return {figure.row: figure.note for figure in figures if figure.note}


def machine():
    """Processor, cores, memory, system; the commit."""
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 1024 / 1024
    commit = subprocess.run(["git", "-C", ROOT, "log", "-1", "--format=%h"], capture_output=True, text=True)
    return {
        "machine": f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.release()}",
        "date": datetime.date.today().isoformat(), "commit": commit.stdout.strip() or "unknown",
        "load": f"{os.getloadavg()[0]:.1f} at the start",
    }


def linking(parley):
    """How the program holds Swift's libraries: each process start pays for those that it has to find."""
    libraries = subprocess.run(["ldd", parley], capture_output=True, text=True).stdout
    return "with the toolchain's libraries" if "libswiftCore" in libraries else "one file, as README installs it"


LEGEND = """\
*parley* is the release program ({linking}) as whole processes over loopback with real files, everything durable. *plain* is the same
rows on SQLite alone: `C` by prepared statements, a row a record with a packed clock, without log, signatures or encryption
(`Benchmarks/suite/limit.c`); `shell` by the `sqlite3` program. *ratio*: 1 is as good as the first of them, 0.5 half as good;
*of CPU* the same by processor seconds, which other work on the machine disturbs less. *goal*: what is reached at the larger
size, `then` or `at least`, or by which factor it is missed. Wall figures are the best of {times} runs, *spread* says how much
slower the slowest was; latencies are medians."""


def markdown(figures, skipped, about, times):
    lines = ["# What was measured", "", f"By `Scripts/bench` on {about['date']}, commit {about['commit']}: "
             f"{about['machine']}; load {about['load']}.", "", LEGEND.format(times=times, linking=about["linking"]), ""]
    head, *rows = table(figures)
    lines += ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(row) + " |" for row in rows] + [""]
    lines += [f"- **{row}**: {note}" for row, note in notes(figures).items()]
    lines += [f"- **{row}**: no figure: {why}" for row, why in skipped]
    return "\n".join(lines) + "\n"


def as_json(figures, skipped, about):
    last = largest(figures)
    entries = [dict(asdict(figure), ratio=figure.ratio, cpu_ratio=figure.cpu_ratio,
                    goal=goal_of(figure).verdict(figure) if goal_of(figure) and last[figure.row] is figure else None)
               for figure in figures]
    return {"about": about, "figures": entries, "skipped": [{"work": row, "why": why} for row, why in skipped]}
