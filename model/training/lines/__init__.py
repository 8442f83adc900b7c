"""Training of the line finder."""
