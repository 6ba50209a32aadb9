"""The long campaign: the engines beside the reference, for as long as one likes.

`LOGWATCH_CAMPAIGN_SECONDS` is how long (240), `LOGWATCH_CAMPAIGN_SEED` where it begins (1), and
`LOGWATCH_CAMPAIGN_OF` what it plays, `lines`, `records`, `both` of these, `where` or `all`: the
same seeds of the same give the same patterns and blocks. A difference is printed in its smallest
form.
"""

from __future__ import annotations

import os
import sys
import warnings
from time import perf_counter

import pytest
from matching.exactness.campaign import (
    ALL_MODES,
    EVERY_KIND,
    MODES,
    RECORD_MODES,
    Campaign,
)
from matching.exactness.where_batches import WHERE_MODES

PLAYED = {
    "lines": MODES,
    "records": RECORD_MODES,
    "both": ALL_MODES,
    "where": WHERE_MODES,
    "all": EVERY_KIND,
}


def run(seconds, seed, what="all"):
    """All modes in turn until the time is up."""
    deadline = perf_counter() + seconds
    campaign = Campaign()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        last = campaign.run(seed, PLAYED[what], lambda: perf_counter() < deadline)
    print(f"seeds {seed} to {last}\n{campaign.report()}")
    return campaign


@pytest.mark.stress
def test_the_campaign_finds_no_difference():
    """Tens of thousands of pairs of a pattern and a line, or a record, each second."""
    seconds = float(os.environ.get("LOGWATCH_CAMPAIGN_SECONDS", "240"))
    seed = int(os.environ.get("LOGWATCH_CAMPAIGN_SEED", "1"))
    campaign = run(seconds, seed, os.environ.get("LOGWATCH_CAMPAIGN_OF", "all"))
    assert campaign.differences == []
    assert campaign.counts


if __name__ == "__main__":
    sys.exit(bool(run(float(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]).differences))
