"""The pages of `serve`: transcripts on their images, to search, read and correct."""
