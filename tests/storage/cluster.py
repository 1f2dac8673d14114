"""A PostgreSQL server of our own: in a temporary folder, on a socket, for as long as it is used."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NEEDED = ("initdb", "pg_ctl")


def find_programs() -> Path | None:
    """The folder of PostgreSQL's programs; Debian keeps them out of the PATH."""
    on_path = shutil.which("pg_ctl")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    places = [*folders, *([Path(on_path).resolve().parent] if on_path else [])]
    return next((p for p in places if all((p / name).exists() for name in NEEDED)), None)


@contextmanager
def running(programs: Path) -> Iterator[str]:
    """Start a server, give the URL of its database, and remove it all in the end."""
    # Below /tmp, because the path of a socket must be short.
    root = Path(tempfile.mkdtemp(prefix="assent-pg-"))
    identity = _identity()
    if identity:
        os.chown(root, identity["user"], identity["group"])

    def call(program: str, *options: str) -> None:
        with (root / "told").open("w+b") as told:
            done = subprocess.run(
                [programs / program, "-D", root / "data", *options],
                **identity,
                cwd=root,
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=subprocess.STDOUT,
                timeout=120,
                check=False,
            )
        if done.returncode:
            raise RuntimeError((root / "told").read_text(encoding="utf-8", errors="replace"))

    # No TCP port to be in anybody's way; no syncing, for these tests never cut the power.
    options = f"-k {root} -c listen_addresses='' -c fsync=off"
    try:
        call("initdb", "-U", "assent", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")
        call("pg_ctl", "-w", "-l", str(root / "log"), "-o", options, "start")
        try:
            yield f"postgresql://assent@/postgres?host={root}"
        finally:
            call("pg_ctl", "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(root, ignore_errors=True)


def new_schema(server: str, name: str) -> str:
    """The URL of an empty place on a server: made in a moment, where a database takes a second."""
    import psycopg  # noqa: PLC0415 - may be missing

    with psycopg.connect(server) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
    return f"{server}&options=-csearch_path%3D{name}"


def _identity() -> dict[str, Any]:
    """Who runs the server: we, or somebody else when we are root, whom it refuses."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    account = names.get("postgres") or names["nobody"]
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
