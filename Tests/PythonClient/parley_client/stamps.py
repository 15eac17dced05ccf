"""Times (1.3): 48 bits of milliseconds, 16 bits of counter."""

import time

GREATEST = 2**63 - 1


def join(milliseconds, counter=0):
    return milliseconds << 16 | counter


def milliseconds(stamp):
    return stamp >> 16


def next_time(seen, wall):
    """The time of the next write, given the greatest time seen and the wall clock in milliseconds."""
    wall_time = join(max(wall, 0))
    following = wall_time if wall_time > seen else seen + 1
    if following > GREATEST:
        raise OverflowError("no time is greater than what was seen: this device cannot write")
    return following


def now():
    """The wall clock in milliseconds."""
    return time.time_ns() // 1_000_000
