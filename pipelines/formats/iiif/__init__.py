"""IIIF: reader of manifests, writer of annotations."""
