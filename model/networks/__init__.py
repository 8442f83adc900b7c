"""Networks without Keras: presets and ONNX Runtime sessions."""
