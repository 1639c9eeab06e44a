"""What is counted while serving, for Prometheus.  Nothing of it tells who said what."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Counters of one server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "convrec_requests", "Requests, by route and status", ["route", "status"], registry=self._registry
        )
        self.seconds = Histogram(
            "convrec_turn_seconds", "From a request for a turn to its answer", buckets=SECONDS, registry=self._registry
        )
        self.stars = Counter("convrec_ratings", "Ratings, by stars", ["stars"], registry=self._registry)
        self.under_way = Gauge("convrec_turns_under_way", "Turns that are answered or wait", registry=self._registry)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Somebody waits for a turn."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds.observe(time.perf_counter() - began)

    def rated(self, stars: int) -> None:
        """Somebody has rated a talk."""
        self.stars.labels(str(stars)).inc()

    def text(self) -> bytes:
        """In the format that Prometheus reads."""
        return generate_latest(self._registry)
