"""Images and PDFs are decoded in a process of their own, with limits of memory and time."""
