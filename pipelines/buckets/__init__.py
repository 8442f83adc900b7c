"""Objects in buckets: conditions, listing, what can be wrong with them."""
