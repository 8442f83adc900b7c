"""Training lines and pages changed at random."""
