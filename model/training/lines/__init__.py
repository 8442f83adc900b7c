"""Training of the line network, which finds lines in page images."""
