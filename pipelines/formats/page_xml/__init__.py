"""PAGE XML, read and written."""
