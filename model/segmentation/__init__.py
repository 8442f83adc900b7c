"""The line finder: a page to baselines, regions and reading order."""
