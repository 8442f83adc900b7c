"""The tables of transcripts, read again: query, recipes, show."""
