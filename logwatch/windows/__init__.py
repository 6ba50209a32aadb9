"""What a rule remembers of the recent past of one key, and how it answers about it.

Pure structures without locks and clocks: every time is an argument, in seconds since the epoch of
event time. A window of length T that ends at `now` is (now - T, now], the older end excluded.

What holds for all of them:

- Times may come out of order. An answer at `now` >= the newest time added depends on what was
  added and not on the order of arrival. At an earlier `now` a part of the window may have been
  forgotten; what is answered is then about the part that is kept.
- One stray time in the future does not make a window forget what it holds.
- Memory is bounded: exact up to `limit` entries, then sketches over panes of T/32, where the older
  end of the window is rounded down to a whole pane: it is T/32 longer at most. `exact` says which.
- `dump` changes nothing, is the same bytes for the same content, and what `load` makes of it
  answers every later question as the original would. A dump that is none raises ValueError.
"""
