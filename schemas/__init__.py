"""What data is: records, tf.Example features and table schemas."""

VERSION = "0.1.0"
