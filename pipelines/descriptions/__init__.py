"""Which file describes which image, and by which reader it is read."""
