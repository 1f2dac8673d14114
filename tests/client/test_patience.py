"""How long the client waits, and for what it does not."""

from unittest.mock import Mock

import pytest

from assent.client import Client, RefusedError
from assent.client.client import TIMEOUT
from assent.core.errors import OverdueError
from assent.core.feedback import Pick
from assent.services.worker import LIMIT_S
from interfaces.rest.serving import serving
from interfaces.small_files import disc, write_picture


def test_an_answer_that_took_too_long_is_not_sent_again(tmp_path, monkeypatch):
    write_picture(tmp_path / "images" / "a.png", disc(9))
    with serving(tmp_path / "images", tmp_path / "home") as served:
        client = Client(http=served.client, sleep=pytest.fail)
        shown = client.open(client.images(1)[0].id, "disc")
        hang = Mock(side_effect=OverdueError("The computation took longer than 600 seconds."))
        monkeypatch.setattr(served.worker.engine, "answer", hang)
        with pytest.raises(RefusedError, match="longer than 600 seconds") as refused:
            client.answer(shown.session, Pick(1, 0))
        assert (refused.value.status, refused.value.code) == (503, "too_long")
        assert hang.call_count == 1
        assert client.see(shown.session) == shown


def test_a_reply_may_take_longer_than_a_computation_but_a_connection_may_not():
    with Client() as client:
        timeout = client._http.timeout
    assert timeout == TIMEOUT
    assert timeout.read > LIMIT_S + 60
    assert timeout.connect <= 10
