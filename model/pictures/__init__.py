"""Pictures for the eye: lines, transcripts and predictions on a page."""
