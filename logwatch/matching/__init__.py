"""Stage 3, lines -> matches: all patterns at once over a block, confirmed by Python's `re`."""
