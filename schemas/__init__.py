"""What data is: records, tf.Example features and table schemas."""
