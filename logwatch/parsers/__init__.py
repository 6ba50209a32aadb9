"""Stage 2, lines -> fields: what a line says of its time and its parts, one file per format."""
