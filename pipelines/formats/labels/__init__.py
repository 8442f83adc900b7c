"""Tables of labels: CSV and TSV."""
