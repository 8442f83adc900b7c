"""The line finder: from a page to baselines, regions and reading order."""
