"""Servers that answer for the time of a test."""

import threading
from contextlib import contextmanager


@contextmanager
def serving(server):
    """An `http.server` answering from a thread of its own; nothing of it is left afterwards."""
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
