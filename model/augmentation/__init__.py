"""Random augmentation of training lines and pages."""
