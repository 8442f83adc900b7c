"""How fast `serve` answers: generated transcripts, and users that search and read."""
