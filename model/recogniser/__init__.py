"""The model bundle on disk, and reading lines with it."""
