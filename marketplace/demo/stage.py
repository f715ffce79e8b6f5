"""Plays scenes together, in the order of time, the clock moved to each of their instants.

A scene is a generator: it yields how far from the present its next act happens, then acts.
"""

import heapq
from contextlib import contextmanager
from itertools import count

from marketplace import clock


def play(scenes):
    """Play them all; the clock is put back where it was, whatever happens."""
    with returning():
        began = clock.offset()
        order = count()
        waiting = [(next(scene), next(order), scene) for scene in scenes]
        heapq.heapify(waiting)
        while waiting:
            when, _order, scene = heapq.heappop(waiting)
            clock.advance(began + when - clock.offset())
            following = next(scene, None)
            if following is not None:
                heapq.heappush(waiting, (following, next(order), scene))


@contextmanager
def returning():
    began = clock.offset()
    try:
        yield
    finally:
        clock.advance(began - clock.offset())
