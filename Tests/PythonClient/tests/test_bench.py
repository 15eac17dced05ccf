"""The benchmark suite at its smallest: every row gives a figure, and a ratio to plain programs. Its figures mean nothing here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import world

ROOT = Path(__file__).resolve().parent.parent.parent.parent
sys.path.insert(0, str(ROOT / "Benchmarks"))

from suite.figures import GOALS, Figure, Goal  # noqa: E402

COUNTED = ("bytes", "memory", "round trips")
"""Rows that are counted and not timed need no ratio."""
METHODS = {"ach", "ach rank", "report", "lint"}
"""Rows of what no plain database does."""


@pytest.mark.parametrize("unit, figure, goal, verdict", [
    ("k/s", 90, Goal(100, 200), "MISSED x1.11"),
    ("k/s", 150, Goal(100, 200), "at least"),
    ("k/s", 200, Goal(100, 200), "then"),
    ("ms", 90, Goal(50, 20), "MISSED x1.80"),
    ("ms", 50, Goal(50, 20), "at least"),
    ("ms", 7, Goal(50, 20), "then"),
    ("k/s", 100, Goal(0.3, 0.5, "ratio"), "MISSED x1.50"),
    ("ms", 1250, Goal(0.3, 0.5, "ratio"), "at least"),
    ("ms", 1000, Goal(0.3, 0.5, "ratio", at="200"), "for 200"),
])
def test_a_goal_is_reached_or_missed(unit, figure, goal, verdict, pytestconfig):
    assert goal.verdict(Figure("row", "100", figure, unit, {"C": 500})) == verdict
    pytestconfig.promises["benchmark-verdicts"] += 1


@pytest.mark.skipif(not world.EXECUTABLE, reason="PARLEY_EXECUTABLE is not set: it names the parley binary to measure")
def test_every_row_gives_a_figure_and_a_ratio(tmp_path, pytestconfig):
    report, page = tmp_path / "report.json", tmp_path / "page.md"
    done = subprocess.run(
        [sys.executable, ROOT / "Scripts/bench", "--tiny", "--parley", world.EXECUTABLE, "--scratch", tmp_path,
         "--json", report, "--markdown", page], capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    found = json.loads(report.read_text())
    figures, shown = found["figures"], page.read_text()
    assert not found["skipped"]
    assert GOALS.keys() <= {figure["row"] for figure in figures}, "a goal that no row answers"
    for figure in figures:
        assert figure["value"] > 0, figure
        if figure["row"] not in METHODS and not any(word in figure["row"] for word in COUNTED):
            assert figure["ratio"] > 0, f"no ratio: {figure}"
        assert f"| {figure['row']} |" in shown and figure["row"] in done.stdout
        pytestconfig.promises["benchmark-rows"] += 1
