"""An image that takes long to open is waited for by its own person only."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event


def test_others_open_while_one_opening_is_computed(served):
    with ThreadPoolExecutor() as pool:
        began, go, call = Event(), Event(), served.worker.call

        def held(verb, *arguments, **more):
            if verb == "usable" and not began.is_set():
                began.set()
                go.wait()
            return call(verb, *arguments, **more)

        served.worker.call = held
        slow = pool.submit(served.open, person="ada")
        try:
            began.wait()
            quick = pool.submit(served.open, person="ben")
            assert quick.result(timeout=30)["person"] == "ben"
        finally:
            go.set()
        assert slow.result()["person"] == "ada"
