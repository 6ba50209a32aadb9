"""Who may read which file."""

from __future__ import annotations

import pytest

from logwatch.tailer.claims import Claims, Owner

FIRST, SECOND = (1, 10), (2, 20)


def test_of_several_files_somebody_reads_all_or_none():
    """Or a compressed file that another tail reads on in would be nobody's for ever."""
    claims, one, other = Claims(), Owner("/a"), Owner("/b")
    assert claims.claim(SECOND, other)
    assert not claims.claim_all((FIRST, SECOND), one)
    assert [claims.owner(each) for each in (FIRST, SECOND)] == [None, other]
    claims.release(SECOND, other)
    assert claims.claim_all((FIRST, SECOND), one)
    assert [claims.owner(each) for each in (FIRST, SECOND)] == [one, one]


@pytest.mark.parametrize("keys", [(FIRST, SECOND), (SECOND, FIRST)])
def test_what_somebody_reads_already_is_kept(keys):
    claims, one, other = Claims(), Owner("/a"), Owner("/b")
    claims.claim(FIRST, one)
    claims.claim(SECOND, other)
    assert not claims.claim_all(keys, one)
    assert [claims.owner(each) for each in (FIRST, SECOND)] == [one, other]
