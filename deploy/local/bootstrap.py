"""Make .venv hold exactly what requirements.lock names. Run by make with the system's Python; needs nothing else.

Written for older Pythons too, so that they can say that they are too old.
"""

import os
import shutil
import subprocess
import sys
from typing import Iterable, NoReturn, TextIO  # noqa: UP035  collections.abc is not subscriptable before 3.9

LEAST = (3, 11)
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
LOCK = os.path.join(ROOT, "requirements.lock")
STAMP = os.path.join(VENV, "installed.lock")  # a copy of the lock that was installed last
LOG = os.path.join(VENV, "install.log")


def main() -> None:
    if sys.version_info < LEAST:
        use_a_newer_python()
    if not works():
        make_venv()
    if read(STAMP) != read(LOCK):
        install()


def use_a_newer_python() -> None:
    for minor in range(14, LEAST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        # A pyenv shim may lead nowhere: ask it.
        if found and subprocess.call([found, "-c", ""], stderr=subprocess.DEVNULL) == 0:
            os.execv(found, [found, *sys.argv])
    fail(
        f"This is Python {version()}; Suban needs 3.11 or newer. Install one, or name it: make demo PYTHON=/path/to/python3"
    )


def works() -> bool:
    return (
        os.path.exists(PYTHON)
        and subprocess.call([PYTHON, "-c", "import pip"], stderr=subprocess.DEVNULL) == 0
    )


def make_venv() -> None:
    say(f"making .venv with Python {version()}")
    shutil.rmtree(VENV, ignore_errors=True)
    done = subprocess.run(
        [sys.executable, "-m", "venv", VENV], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if done.returncode != 0 or not works():
        text = done.stdout.decode(errors="replace").strip()
        fail(
            "This Python cannot make a virtual environment (on Debian and Ubuntu: apt-get install python3-venv).\n"
            + text
        )


def install() -> None:
    """pip, with one line of progress; what it says is in install.log."""
    total = len([line for line in read(LOCK).splitlines() if line[:1].isalnum()])
    quiet = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
    words = [PYTHON, "-m", "pip", "install", *quiet, "--require-hashes", "-r", LOCK]
    process = subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True
    )
    with open(LOG, "w") as log:
        follow(process.stdout or [], log, total)
    if process.wait() != 0:
        fail(
            "Installing the locked packages failed (see .venv/install.log); check the network and try again.\n"
            + tail(LOG)
        )
    shutil.copyfile(LOCK, STAMP)
    say(f"installed {total} packages from requirements.lock")


def follow(lines: Iterable[str], log: TextIO, total: int) -> None:
    count = 0
    for line in lines:
        log.write(line)
        if line.startswith("Collecting "):
            count += 1
            progress(f"fetching package {count} of {total}: {line.split()[1].split('=')[0]}")
        elif line.startswith("Installing collected"):
            progress(f"installing {total} packages")


def progress(text: str) -> None:
    if sys.stdout.isatty():
        sys.stdout.write("\r\033[K· " + text)
        sys.stdout.flush()
    elif "installing" in text or " 1 of" in text or "0 of" in text:
        say(text)


def version() -> str:
    return f"{sys.version_info[0]}.{sys.version_info[1]}"


def say(text: str) -> None:
    start = "\r\033[K· " if sys.stdout.isatty() else "· "
    print(start + text)
    sys.stdout.flush()


def fail(text: str) -> NoReturn:
    print("\n✗ " + text, file=sys.stderr)
    sys.exit(1)


def read(path: str) -> str:
    try:
        with open(path) as file:
            return file.read()
    except FileNotFoundError:
        return ""


def tail(path: str) -> str:
    return "\n".join(read(path).splitlines()[-8:])


if __name__ == "__main__":
    main()
