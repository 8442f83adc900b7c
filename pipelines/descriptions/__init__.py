"""Which file describes which image, and which reader reads it."""
