"""Reader and writer of ALTO."""
