"""Characters, their labels, and the rules for transcriptions."""
