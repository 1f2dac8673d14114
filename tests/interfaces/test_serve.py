"""``assent serve`` and ``assent export`` as a person runs them: real processes, real kills."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file

from assent.client import Client
from assent.core.feedback import Correct, Pick
from assent.core.prompts import Click
from assent.io.formats import read_mask
from interfaces.small_files import SECRETS, disc, everything_in, named, write_picture


@contextmanager
def serving(folder, *more):
    """A server process on a free port; it is killed at the end."""
    words = ["serve", "images", "--port", "0", "--method", "geodesic", "--target", "disc", *more]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "assent", *words],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline()
        address = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert address, line
        with Client(address[0]) as client:
            yield client, process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def scanned(client):
    """The images, once the first scan is done."""
    *_, job = client.follow(1)
    assert job.state == "done", job.detail
    return client.images(1)


def test_a_server_killed_at_work_goes_on_where_it_was(tmp_path, cli):
    write_picture(tmp_path / "images" / "a.png", disc(9))
    before = everything_in(tmp_path / "images")
    click = Correct((Click((0, 24, 24)),), 0)
    with serving(tmp_path) as (client, process):
        image = scanned(client)[0]
        shown = client.answer(client.open(image.id, "disc").session, click)
        shown = client.answer(shown.session, Pick(0, 1))
        process.send_signal(signal.SIGKILL)
    with serving(tmp_path) as (client, _):
        again = client.open(image.id, "disc")
        assert again == shown
        assert (again.recommended == shown.recommended).all()
        assert client.answer(shown.session, Pick(0, 1)) == shown
        client.accept(shown)
        accepted = client.mask(client.see(shown.session))
    ran = cli("export", "--out", "out", "--json")
    assert ran.code == 0, ran.err
    (row,) = json.loads(ran.out)["masks"]
    assert (read_mask(tmp_path / "out" / row["mask"]) == accepted).all()
    assert everything_in(tmp_path / "images") == before


def test_a_server_killed_in_a_scan_goes_on_with_it(tmp_path):
    names = [f"{number:02d}.png" for number in range(60)]
    for name in names:
        write_picture(tmp_path / "images" / name, disc(9))
    with serving(tmp_path) as (client, process):
        next(job for job in client.follow(1) if job.progress > 0)
        process.send_signal(signal.SIGKILL)
    with serving(tmp_path) as (client, _):
        assert [image.path for image in scanned(client)] == names


def test_a_server_told_so_keeps_what_is_sent_without_its_patient(tmp_path):
    write_picture(tmp_path / "images" / "a.png", disc(9))
    sent = tmp_path / "Mustermann.dcm"
    sent.write_bytes(named(Path(get_testdata_file("CT_small.dcm", download=False)).read_bytes()))
    with serving(tmp_path, "--de-identify") as (client, _):
        assert "/CT-" in client.upload(1, sent).path
    kept = b"".join(everything_in(tmp_path / "assent-work").values())
    assert not any(secret in kept for secret in SECRETS)


def test_serving_the_network_without_a_token_is_refused(cli, tmp_path, monkeypatch):
    monkeypatch.delenv("ASSENT_TOKEN", raising=False)
    write_picture(tmp_path / "images" / "a.png", disc(9))
    ran = cli("serve", "images", "--host", "0.0.0.0")
    assert ran.code == 2
    assert "Name a token with --token" in ran.err
    assert not (tmp_path / "assent-work").exists()


def test_a_taken_port_and_a_missing_folder_are_said_in_a_sentence(cli, tmp_path):
    write_picture(tmp_path / "images" / "a.png", disc(9))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = cli("serve", "images", "--port", port, "--method", "geodesic")
    assert (ran.code, f"Port {port} of 127.0.0.1 cannot be used" in ran.err) == (2, True)
    ran = cli("serve", "nowhere")
    assert (ran.code, "no folder 'nowhere'" in ran.err) == (2, True)


@pytest.mark.parametrize("words", [(), ("--database", "elsewhere.db")])
def test_an_export_without_any_work_says_so(cli, words):
    ran = cli("export", "--out", "out", *words)
    assert (ran.code, "There is no database" in ran.err) == (2, True)
