"""PTransforms that several pipelines use: routing by type, summing, writing."""
