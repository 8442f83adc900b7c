"""Adaptation without labels: a model's own most certain readings as training lines."""
