"""From image files to greyscale pixels: decoding, PDF and TIFF pages, resolution, background."""
