"""What any HTML report is made of: page, histogram, contact sheet."""
