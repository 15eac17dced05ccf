"""Counts what the tests checked, and prints it as promises at the end of the run."""

import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

CHECKED = Counter()


def pytest_configure(config):
    config.promises = CHECKED


def pytest_terminal_summary(terminalreporter):
    terminalreporter.write_line("")
    for name, count in sorted(CHECKED.items()):
        terminalreporter.write_line(f"promise: {name} count={count}")
