"""Stage 1, files -> lines: follow paths through every rotation and read each byte once."""
