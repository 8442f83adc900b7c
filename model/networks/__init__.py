"""What is known of a network without Keras: its sizes, and ONNX sessions."""
