"""Child processes that do not outlive the one that starts them.

Each has a session of its own, so that Ctrl-C in a terminal reaches the parent alone, who then stops them in
order. Each leaves its pid in its folder: what a killed parent left behind, the next start ends.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from functools import partial

import psutil

GRACE_SECONDS = 8
PR_SET_PDEATHSIG = 1


class Child:
    """A running command. What it prints goes to `<folder>/<name>.log`, or to the terminal with `log=False`.

    `account` is the system account it runs under, ours by default; `ending` the signal that asks it to stop.
    """

    def __init__(self, name, command, folder, *, environ=None, account=None, ending=signal.SIGTERM, log=True):
        self.name = name
        self.ending = ending
        self.log = folder / f"{name}.log" if log else None
        self.record = folder / f"{name}.pid"
        with self.log.open("wb") if log else contextlib.nullcontext() as output:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if log else None,
                env=environ,
                start_new_session=True,
                preexec_fn=partial(_die_with_parent, ending),
                **(account.popen_options if account else {}),
            )
        self.record.write_text(f"{self.process.pid} {_started_at(self.process.pid)} {int(ending)}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def running(self):
        return self.process.poll() is None

    def wait(self):
        """The exit code, once it has ended by itself."""
        code = self.process.wait()
        self.record.unlink(missing_ok=True)
        return code

    def ask_to_stop(self):
        if self.running:
            self.process.send_signal(self.ending)

    def stop(self):
        """Ask, wait GRACE_SECONDS, then insist; its own children go with it."""
        self.ask_to_stop()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(GRACE_SECONDS)
        _kill_group(self.process.pid)
        self.wait()


def stop_all(children):
    """Stop them together: the wait is that of the slowest."""
    for child in children:
        child.ask_to_stop()
    for child in children:
        child.stop()


def end_leftovers(folder):
    """End what a killed parent left running with its files in `folder`."""
    for record in folder.glob("*.pid"):
        with contextlib.suppress(psutil.NoSuchProcess, ValueError):
            _end(record.read_text())
        record.unlink()


def _end(record):
    pid, started_at, ending = record.split()
    process = psutil.Process(int(pid))
    if abs(process.create_time() - float(started_at)) > 2:
        return  # the same number, since given to another process
    process.send_signal(int(ending))
    with contextlib.suppress(psutil.TimeoutExpired):
        process.wait(GRACE_SECONDS)
    _kill_group(process.pid)
    process.wait(GRACE_SECONDS)


def _started_at(pid):
    """Seconds since the epoch, 0 when it has already ended."""
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return 0


def _kill_group(pid):
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _die_with_parent(ending):
    """Linux tells the child when its parent is killed; elsewhere it waits for end_leftovers()."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(ending))


def wait_until(ready, *, child=None, seconds=60):
    """Poll until ready() is true; False when the time is over or the child has died."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline or (child and not child.running):
            return False
        time.sleep(0.05)
    return True
