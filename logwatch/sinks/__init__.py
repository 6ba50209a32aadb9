"""Stage 7, notifications -> the world: one file per protocol."""
