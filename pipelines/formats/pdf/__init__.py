"""Searchable PDF, written."""
