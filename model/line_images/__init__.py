"""A page and its lines to level line images, and those to network input."""
