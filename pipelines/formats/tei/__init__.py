"""Writer of TEI."""
