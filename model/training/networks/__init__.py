"""Each network twice: as Keras layers and as an ONNX graph; quantisation."""
