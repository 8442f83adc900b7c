"""The IAM database: tables of lines and words, forms, splits."""
