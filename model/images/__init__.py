"""Image files to grey pixels: decoding, pages of a PDF or TIFF, resolution, background."""
