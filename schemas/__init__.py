"""The data model: records, tf.Example features and table schemas."""

VERSION = "0.1.0"
