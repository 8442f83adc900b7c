"""The tables that commands write: rows, runs, and the account of pages and lines."""
