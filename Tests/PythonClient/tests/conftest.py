"""Counts what the tests checked, and prints it as promises at the end of the run."""

import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

CHECKED = Counter()
FIGURES = []
"""(attack, peak memory in MiB, most descriptors, honest syncs, of them at the second try) of the tests under siege."""


def pytest_configure(config):
    config.promises = CHECKED
    config.figures = FIGURES


def pytest_terminal_summary(terminalreporter):
    terminalreporter.write_line("")
    for attack, memory, descriptors, syncs, again in FIGURES:
        terminalreporter.write_line(
            f"under attack: {attack}: {memory:.0f} MiB, {descriptors} descriptors, {syncs} syncs, {again} of them twice")
    for name, count in sorted(CHECKED.items()):
        terminalreporter.write_line(f"promise: {name} count={count}")
