"""What `http:` shows: `/metrics`, `/healthz` and `/readyz`.

`/healthz` is the verdict that feeds the watchdog of systemd: 200 while every thread gets on with
its work. `/readyz` is 200 while what is written is found and can be stored: not before the first
look at every file, and not while the daemon stops or its disk is full.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from threading import Event, Lock

from logwatch.clock import Moment
from logwatch.config.http import HttpSettings
from logwatch.daemon.exposition import Exposition
from logwatch.daemon.figures import Figures
from logwatch.daemon.http_server import HttpServer, Page, text_page
from logwatch.daemon.observer import Observed, Observer


def serve(
    settings: HttpSettings,
    observed: Observed,
    figures: Figures,
    *,
    ready: Event,
    stalling: Callable[[Moment], list[str]],
    compiled: Callable[[], float],
) -> HttpServer:
    """A server of the three pages, not started.

    `stalling` names threads that do not get on, `compiled` says how long compiling has taken.
    """
    observer = Observer(observed)
    looking = Lock()  # an observer is for one thread at a time; the data path never takes it

    def health(_accept: str) -> Page:
        names = [*_dead(observed), *stalling(observed.clock.moment())]
        if names:
            return text_page(HTTPStatus.SERVICE_UNAVAILABLE, f"not well: {', '.join(names)}\n")
        return text_page(HTTPStatus.OK, "ok\n")

    def readiness(_accept: str) -> Page:
        reason = ""
        if not ready.is_set():
            reason = "stopping" if observed.stopping.is_set() else "starting"
        elif observed.consumer.degraded:
            reason = "nothing can be committed"
        if reason:
            return text_page(HTTPStatus.SERVICE_UNAVAILABLE, f"not ready: {reason}\n")
        return text_page(HTTPStatus.OK, "ready\n")

    exposition = Exposition(observer.status, figures, compiled, observed.clock)

    def metrics(accept: str) -> Page:
        with looking:
            content_type, body = exposition.page(accept)
        return Page(HTTPStatus.OK, content_type, body)

    pages = {"/metrics": metrics, "/healthz": health, "/readyz": readiness}
    return HttpServer(settings, pages, clock=observed.clock)


def _dead(observed: Observed) -> list[str]:
    workers = (observed.consumer, *observed.deliverers.values())
    return [f"{each.name} is dead" for each in workers if each.failure is not None]
