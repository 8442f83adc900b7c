"""Tables of lines for people: CSV and XLSX."""
