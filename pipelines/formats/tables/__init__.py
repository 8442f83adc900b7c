"""Tables of line images and texts: what all share, and those of Parquet and Arrow."""
