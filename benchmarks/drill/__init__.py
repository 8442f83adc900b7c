"""A hostile day: commands are killed, files damaged, and what is left must be right."""
