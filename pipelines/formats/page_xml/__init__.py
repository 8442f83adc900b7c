"""Reader and writer of PAGE XML."""
