"""logwatch: tells you when a log says that something is wrong.

The data path, from left to right; each stage is one folder:

    file -> tailer -> block of lines -> matching -> parsers -> Batch -> Queue
         -> rules -> alerts -> store (one transaction) -> outbox -> sinks -> the world

One monitor thread per followed file does everything up to the Queue. One consumer thread does
everything from the Queue to the store. One deliverer thread per sink does the rest. Threads live
in `daemon/` and nowhere else; the stages are plain objects that any test can call.
"""

__version__ = "0.1.0"
