"""Scripts/bench: reads the options, runs the workloads, prints."""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from . import figures
from .bench import Bench, measure
from .figures import ROOT
from .workloads import WORKLOADS


def options():
    parser = argparse.ArgumentParser(
        prog="Scripts/bench", description="Measures parley as a user has it, beside plain SQLite in the same run.",
        epilog="rows: " + ", ".join(workload.name for workload in WORKLOADS))
    parser.add_argument("--quick", action="store_true", help="small sizes, two minutes")
    parser.add_argument("--tiny", action="store_true", help="does everything work? seconds; its figures mean nothing")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="rows whose name begins so")
    parser.add_argument("--times", type=int, help="repeats of a step, of which the best counts")
    parser.add_argument("--parley", default=str(ROOT / ".build/release/parley"), help="the program, of a release build")
    parser.add_argument("--json", metavar="FILE", help="writes the figures there")
    parser.add_argument("--markdown", metavar="FILE", help="writes the page there, as Benchmarks/RESULTS.md")
    parser.add_argument("--scratch", metavar="DIR", help="where to work; a folder of its own is made in it")
    return parser.parse_args()


def main():
    chosen = options()
    if not os.access(chosen.parley, os.X_OK):
        sys.exit(f"{chosen.parley} is not there: swift build -c release --static-swift-stdlib --product parley")
    if not shutil.which("sqlite3"):
        sys.exit("the sqlite3 program is not there: apt-get install sqlite3")
    scale = "tiny" if chosen.tiny else "quick" if chosen.quick else "full"
    times = chosen.times or {"tiny": 1, "quick": 1, "full": 3}[scale]
    rounds = {"tiny": 12, "quick": 100, "full": 400}[scale]
    about = figures.machine() | {"linking": figures.linking(chosen.parley)}
    with tempfile.TemporaryDirectory(prefix="parley-bench-", dir=chosen.scratch) as scratch:
        bench = Bench(os.path.realpath(chosen.parley), scratch, times, rounds)
        found, skipped, failed = run_all(bench, scale, chosen.only)
    print(figures.aligned(figures.table(found)))
    for row, note in figures.notes(found).items():
        print(f"  {row}: {note}")
    for row, why in skipped:
        print(f"  {row}: no figure: {why}")
    if chosen.json:
        Path(chosen.json).write_text(json.dumps(figures.as_json(found, skipped, about), indent=1) + "\n")
    if chosen.markdown:
        Path(chosen.markdown).write_text(figures.markdown(found, skipped, about, times))
    return 1 if failed or not found else 0


def run_all(bench, scale, only):
    found, skipped, failed = [], [], False
    for workload in WORKLOADS:
        if only and not any(workload.name.startswith(name) for name in only):
            continue
        for size in workload.sizes[scale]:
            began = time.monotonic()
            got, why, is_failure = measure(workload.measure, bench, size)
            found += got
            failed |= is_failure
            if why:
                skipped.append((workload.name, why))
            print(f"[{time.monotonic() - began:5.1f} s] {workload.name} {size}: {why or 'measured'}",
                  file=sys.stderr, flush=True)
    # Rows of one name together, whatever workload gave them.
    order = {name: place for place, name in enumerate(dict.fromkeys(figure.row for figure in found))}
    return sorted(found, key=lambda figure: order[figure.row]), list(dict.fromkeys(skipped)), failed
