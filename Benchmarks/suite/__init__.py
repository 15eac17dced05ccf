"""The benchmark suite: Scripts/bench."""
