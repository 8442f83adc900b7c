"""The networks as Keras layers and as ONNX graphs, and their quantisation."""
