"""Readers of the IAM database: tables of lines and words, forms, splits."""
