"""The log of what people corrected, beside the tables that transcribe wrote."""
