"""Makes .venv with the pinned requirements, and remakes it when they or the Python version change.

Runs before anything is installed, so it imports nothing but the standard library and must be understood by
old Pythons too: `python3 -I marketplace/install.py`, from the project's folder.
"""

import fcntl
import hashlib
import os
import subprocess
import sys

REQUIREMENTS = "requirements-dev.txt"
PYTHON = ".venv/bin/python"
STAMP = ".venv/installed"
SUPPORTED = ((3, 11), (3, 14))


def main():
    refuse_other_versions()
    with open(REQUIREMENTS, "rb") as requirements:
        fcntl.flock(requirements, fcntl.LOCK_EX)  # `make test` and `make demo` may both be the first
        wanted = "{}\n{}\n".format(version(), hashlib.sha256(requirements.read()).hexdigest())
        if read_stamp() != wanted or installed_version() != version():
            install()
            with open(STAMP, "w") as stamp:
                stamp.write(wanted)


def refuse_other_versions():
    if not SUPPORTED[0] <= sys.version_info[:2] <= SUPPORTED[1]:
        sys.exit(
            "MonAgentDeSécu demande Python 3.11 à 3.14 ; {} est un Python {}. "
            "Indiquez-en un autre, par exemple : make demo PYTHON=python3.13".format(sys.executable, version())
        )


def version():
    return "{}.{}".format(*sys.version_info)


def installed_version():
    """The Python version of .venv, None when there is none or when it no longer runs."""
    ask = "import sys; print('{}.{}'.format(*sys.version_info))"
    try:
        return subprocess.check_output([PYTHON, "-c", ask], stderr=subprocess.DEVNULL).decode().strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def read_stamp():
    try:
        with open(STAMP) as stamp:
            return stamp.read()
    except OSError:
        return None


def install():
    print("Installation des dépendances (une à deux minutes la première fois)…", flush=True)
    if os.path.exists(STAMP):
        os.remove(STAMP)
    if installed_version() != version():
        run([sys.executable, "-m", "venv", "--clear", ".venv"], "Sur Debian ou Ubuntu : apt install python3-venv")
    run([PYTHON, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "-r", REQUIREMENTS])


def run(command, advice="Vérifiez la connexion au réseau, puis recommencez."):
    if subprocess.call(command) != 0:
        sys.exit("L’installation a échoué. {}".format(advice))


if __name__ == "__main__":
    main()
