"""What --input names, to pages with their images, to line images."""
