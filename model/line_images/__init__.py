"""From a page and its lines to level line images, and from these to network input."""
