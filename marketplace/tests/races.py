"""Races that really wait: the test holds a lock until PostgreSQL says that the rivals are blocked, then lets go."""

from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import pytest
from django.db import connection, transaction

PATIENCE = 20  # seconds, so that a test that cannot succeed fails instead of hanging


def race(lock, *rivals, once_all_wait=lambda: None):
    """Call `lock` in a transaction, then each rival in a thread of its own once those before it wait; their answers.

    Rivals that wait for one row are served in this order.
    """
    with ThreadPoolExecutor(len(rivals)) as pool:
        with transaction.atomic():
            lock()
            answers = [start(pool, rival, count) for count, rival in enumerate(rivals, start=1)]
            once_all_wait()
        return [answer.result() for answer in answers]


def start(pool, rival, count):
    answer = pool.submit(alone, rival)
    wait_for_blocked(count)
    return answer


def alone(function, *args):
    """Call it on a connection of its own, closed in any case."""
    try:
        return function(*args)
    finally:
        connection.close()


def wait_for_blocked(count):
    """Until that many sessions of this database wait for a lock."""
    end = monotonic() + PATIENCE
    with connection.cursor() as cursor:
        while monotonic() < end:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(
                "SELECT count(DISTINCT pid) FROM pg_locks JOIN pg_stat_activity USING (pid)"
                " WHERE NOT granted AND datname = current_database()"
            )
            if cursor.fetchone()[0] >= count:
                return
    pytest.fail(f"{count} sessions should be waiting")
