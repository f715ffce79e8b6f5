import os
import shutil
import signal
import socket
import subprocess
import sys

import psutil
import psycopg
import pytest
import redis

from marketplace import embedded, supervisor


@pytest.fixture
def base(tmp_path):
    """A project folder whose path has a space and is longer than a socket's may be."""
    folder = tmp_path / "un dossier" / ("long" * 30)
    folder.mkdir(parents=True)
    yield folder
    root = embedded.data_dir("demo", folder).parent
    if root != folder / "var":
        shutil.rmtree(root)


def run(base, code):
    """Run these lines as another process would, `base` being its project folder."""
    program = f"from pathlib import Path; from marketplace import embedded; base = Path({str(base)!r})\n{code}"
    return subprocess.run(
        [sys.executable, "-c", program], cwd=embedded.BASE_DIR, env=bare_environ(), capture_output=True, text=True
    )


def bare_environ():
    """Ours without the servers of this test run."""
    return {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}


KILLED_WHILE_RUNNING = """
servers = embedded.start("demo", base=base)
servers.publish(servers.environ)
import os, psycopg, signal
with psycopg.connect(servers.environ["DATABASE_URL"], autocommit=True) as connection:
    connection.execute("CREATE TABLE kept (word text)")
    connection.execute("INSERT INTO kept VALUES ('garde')")
os.kill(servers.children[0].process.pid, signal.SIGKILL)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_servers_start_again_with_their_data_after_everything_was_killed(base, monkeypatch):
    assert run(base, KILLED_WHILE_RUNNING).returncode == -signal.SIGKILL
    with pytest.raises(embedded.NotRunning):
        embedded.published_environ("demo", base)

    servers = start(base, monkeypatch)
    with psycopg.connect(servers.environ["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT word FROM kept").fetchall() == [("garde",)]
        assert connection.execute("SHOW server_version_num").fetchone()[0] >= "180000"
    with redis.Redis.from_url(servers.environ["REDIS_URL"]) as broker:
        assert broker.ping()

    assert modes(base) == {
        "": "711",
        "postgresql": "700",
        "postgresql.password": "600",
        "valkey.conf": "600",
    }
    pids = [child.process.pid for child in servers.children]
    servers.stop()
    assert [pid for pid in pids if psutil.pid_exists(pid)] == []


KILLED_WHILE_CREATING = """
import os, signal
spawn = embedded.Child.__init__
def kill_once_it_has_begun(child, *args, **options):
    spawn(child, *args, **options)
    embedded.wait_until(lambda: (embedded.data_dir("demo", base) / "postgresql.draft" / "PG_VERSION").exists())
    os.kill(os.getpid(), signal.SIGKILL)
embedded.Child.__init__ = kill_once_it_has_begun
embedded.start("demo", base=base)
"""


def test_servers_start_after_the_creation_of_the_database_was_killed(base, monkeypatch):
    assert run(base, KILLED_WHILE_CREATING).returncode == -signal.SIGKILL
    with start(base, monkeypatch) as servers, psycopg.connect(servers.environ["DATABASE_URL"]) as link:
        assert link.execute("SHOW server_encoding").fetchone() == ("UTF8",)


def test_one_set_up_runs_once_and_tells_others_where_it_is(base, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://database.example/site")
    monkeypatch.delenv("REDIS_URL")
    with embedded.start("demo", base=base) as servers:
        servers.publish(servers.environ)
        assert embedded.published_environ("demo", base) == servers.environ
        assert "AlreadyRunning: « demo » tourne déjà" in run(base, "embedded.start('demo', base=base)").stderr
    assert run(base, "embedded.published_environ('demo', base)").stderr.splitlines()[-1] == (
        "marketplace.embedded.NotRunning: La démonstration ne tourne pas : "
        "lancez d’abord « make demo » dans un autre terminal."
    )


def test_no_server_starts_where_the_environment_names_one(base, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://database.example/site")
    monkeypatch.setenv("REDIS_URL", "redis://broker.example/0")
    with embedded.start("demo", base=base) as servers:
        assert servers.children == []
        assert servers.environ == {
            "DATABASE_URL": "postgresql://database.example/site",
            "REDIS_URL": "redis://broker.example/0",
        }


def test_a_busy_port_gets_a_sentence():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(supervisor.DemoError, match=f"Le port {port} est déjà utilisé"):
            supervisor.refuse_busy(port)


@pytest.mark.parametrize("port", ["abc", "0", "65536", "-1", "80.5"])
def test_a_port_that_is_none_gets_a_sentence(port, monkeypatch):
    monkeypatch.setenv("PORT", port)
    with pytest.raises(supervisor.DemoError, match="un port est un nombre entre 1 et 65535"):
        supervisor.read_port()


def test_the_simulator_keeps_its_port_unless_someone_took_it(tmp_path):
    record = tmp_path / "port"
    port = supervisor.remembered_port(record)
    assert supervisor.remembered_port(record) == port
    with socket.create_server(("127.0.0.1", port)):
        assert supervisor.remembered_port(record) != port


def start(base, monkeypatch):
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.delenv("REDIS_URL")
    return embedded.start("demo", base=base)


def modes(base):
    """{file: permissions} of what other accounts of the machine could come across."""
    folder = embedded.data_dir("demo", base)
    names = ("", "postgresql", "postgresql.password", "valkey.conf")
    return {name: f"{(folder / name).stat().st_mode & 0o777:o}" for name in names}
