"""The folder that transcribe fills: portions, tables, earlier runs."""
