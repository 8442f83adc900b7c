"""IIIF: manifests read, annotations written."""
