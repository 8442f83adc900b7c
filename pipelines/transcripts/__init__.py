"""Read the tables of transcripts: for query, show, export and evaluate."""
