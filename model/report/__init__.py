"""Parts of HTML reports: page, histogram, contact sheet."""
