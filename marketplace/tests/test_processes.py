import signal
import sys

import psutil
import pytest

from marketplace import processes
from marketplace.processes import Child, end_leftovers, wait_until

STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]).pid, flush=True)
time.sleep(60)
"""


@pytest.fixture
def stubborn(tmp_path, monkeypatch):
    """A running child that ignores the signal, and the pid of its own child."""
    monkeypatch.setattr(processes, "GRACE_SECONDS", 0.2)
    child = Child("stubborn", [sys.executable, "-c", STUBBORN], tmp_path)
    assert wait_until(lambda: child.log.read_text().endswith("\n"), child=child)
    yield child, int(child.log.read_text())
    child.stop()


def test_a_child_that_will_not_stop_is_killed_with_its_own_children(stubborn):
    child, grandchild = stubborn
    child.stop()
    assert child.process.returncode == -signal.SIGKILL
    assert wait_until(lambda: gone(grandchild), seconds=5)
    assert not child.record.exists()


def test_the_next_start_ends_what_was_left_running(stubborn, tmp_path):
    child, grandchild = stubborn
    end_leftovers(tmp_path)
    assert gone(child.process.pid)
    assert wait_until(lambda: gone(grandchild), seconds=5)
    assert list(tmp_path.glob("*.pid")) == []


def test_a_pid_that_now_belongs_to_another_process_is_left_alone(stubborn, tmp_path):
    child, _ = stubborn
    child.record.write_text(f"{child.process.pid} 1234567890.0 15")
    end_leftovers(tmp_path)
    assert child.running


@pytest.mark.parametrize("record", ["", "abc", "12", "999999999 1.0 15"])
def test_a_record_cut_short_by_a_crash_is_ignored(record, tmp_path):
    (tmp_path / "child.pid").write_text(record)
    end_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == []


def gone(pid):
    """Ended, whether or not its parent has noticed."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
