"""Writer of searchable PDF."""
