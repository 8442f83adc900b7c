"""From the values of --input to pages, their images and their line images."""
