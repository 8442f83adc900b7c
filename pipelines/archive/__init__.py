"""The output folder of transcribe: portions, tables, earlier runs."""
