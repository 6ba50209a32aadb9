"""The engines that matching can run on: whatever holds for one holds for each."""

from __future__ import annotations

ENGINES = ("hyperscan", "aho-corasick", "reference")
