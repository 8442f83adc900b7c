"""Language models, lexicon, word counts and spelling correction."""
