"""File systems and the web; output that appears whole; the lock."""
