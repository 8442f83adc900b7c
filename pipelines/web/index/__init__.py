"""The index of words, and what people corrected in it."""
