"""Writers of the formats that transcribed pages are exported to: a page to bytes each."""
