"""Figures for Prometheus: requests by route, how long they took, and starts of the worker."""

from collections.abc import Callable
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 0.8, 1.5, 3.0, 10.0)


class Figures:
    """What one app counts."""

    def __init__(self, worker_starts: Callable[[], int]) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "assent_requests_total",
            "Requests answered",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "assent_request_seconds",
            "Time to the end of the answer",
            ("method", "route"),
            buckets=BUCKETS_S,
            registry=self.registry,
        )
        starts = Gauge(
            "assent_worker_starts", "Starts of the process that computes", registry=self.registry
        )
        starts.set_function(worker_starts)


METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Counting:
    """Counts every request under its route, never under its address: that may name a person."""

    def __init__(self, app: ASGIApp, figures: Figures) -> None:
        self._app, self._figures = app, figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI asks."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status = perf_counter(), 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            # Each method anybody makes up would be another line of figures, for ever.
            method = scope["method"] if scope["method"] in METHODS else "other"
            self._figures.requests.labels(method, route, status).inc()
            self._figures.seconds.labels(method, route).observe(perf_counter() - begun)
