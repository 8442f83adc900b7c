"""hOCR: reader and writer."""
