"""Reader of label tables: CSV and TSV."""
