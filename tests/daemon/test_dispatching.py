"""Who is told, made from a configuration."""

from __future__ import annotations

import time

from doubles.alerts import alert

from logwatch.clock import Moment
from logwatch.config.loader import from_text
from logwatch.daemon.dispatching import dispatch_of
from logwatch.daemon.routing import router_of
from logwatch.store.writer import Addressed

CONFIG = """
sources: {app: /dev/null}
rules: [{name: ssh-guessing, match: '(?P<user>.*)'}]
routes: [{if: {user: '~ ^(a+)+$'}, to: out}]
mutes: [{name: night, if: {user: '~ ^(b+)+$'}, every: 'Mon-Sun'}]
sinks: {out: {console: {}}}
"""


def test_a_hostile_line_cannot_hold_up_routes_and_mutes():
    """A search that takes too long counts as not found; plain `re` would take years."""
    config = from_text(CONFIG)
    now = Moment(1_767_571_200.0, 1_767_571_200.0)
    began = time.process_time()
    for value in ("a" * 100 + "!", "b" * 100 + "!", "line\n" + "a" * 100 + "!"):
        one = alert(fields={"user": value})
        assert router_of(config).sinks_for(one) == ()
        sent = dispatch_of(config, host="here").route(Addressed(one, now.wall, ()), now)
        assert sent.sinks == ()
    assert time.process_time() - began < 5
    assert router_of(config).sinks_for(alert(fields={"user": "aaa"})) == ("out",)
