"""The model bundle on disk, and the recognition of lines with it."""
