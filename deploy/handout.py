"""`python -m deploy.handout <words for provision>`: in containers, provision the city and hand out secrets as files.

Each service gets a folder (a volume of its own) with its database role and the secrets its settings name, and no other
service's. What was made once is kept, so that running it again changes nothing. API keys of channels, departments and
desks are in provision/provisioned.json.
"""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from services.chassis import sealing

SECRETS: Mapping[str, tuple[str, ...]] = {
    "intake": ("database_url", "contact_public_key", "intake_secret"),
    "router": ("database_url", "contact_public_key"),
    "sla": ("database_url", "contact_public_key"),
    "notify": ("database_url", "contact_public_key", "contact_private_key", "blind_index_secret"),
}
"""Service → the settings it reads from files. Only notify can open a contact."""


def main(words: Sequence[str]) -> int:
    folder = Path(os.environ["SUBAN_HANDOUT_DIR"])
    url = with_password(os.environ["SUBAN_HANDOUT_DATABASE"], Path(os.environ["SUBAN_HANDOUT_PASSWORD_FILE"]))
    made = folder / "provision" / "provisioned.json"
    made.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "services", "provision", *words, "--out", str(made)],
        env={**os.environ, "SUBAN_DATABASE_URL": url}, check=False,
    )  # fmt: skip
    if done.returncode == 0:
        roles = json.loads(made.read_text())["environment"]
        hand_out(
            folder,
            {name: row["SUBAN_DATABASE_URL"] for name, row in roles.items()},
            kept_secrets(folder / "provision"),
        )
    return done.returncode


def with_password(url: str, file: Path) -> str:
    """The URL with the password that `file` holds; a last newline does not count."""
    parts = urlsplit(url)
    password = quote(file.read_text().rstrip("\n"), safe="")
    return urlunsplit(parts._replace(netloc=f"{parts.username}:{password}@{parts.hostname}:{parts.port}"))


def kept_secrets(folder: Path) -> dict[str, str]:
    """Made at the first time: what was sealed and indexed yesterday must be readable today."""
    path = folder / "secrets.json"
    if not path.exists():
        private, public = sealing.new_key_pair()
        fresh = {name: secrets.token_urlsafe(32) for name in ("intake_secret", "blind_index_secret")}
        write(path, json.dumps({"contact_private_key": private, "contact_public_key": public, **fresh}))
    found: dict[str, str] = json.loads(path.read_text())
    return found


def hand_out(folder: Path, urls: Mapping[str, str], shared: Mapping[str, str]) -> None:
    for service, names in SECRETS.items():
        values = {**shared, "database_url": urls[service]}
        for name in names:
            write(folder / service / name, values[name])


def write(path: Path, value: str) -> None:
    """Readable by the owner alone, and whole: a service that starts meanwhile sees the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}")
    part.touch(mode=0o600)
    part.write_text(value)
    part.replace(path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
