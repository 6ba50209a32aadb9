"""YAML -> frozen configuration; every problem has a file, a line and a column."""
