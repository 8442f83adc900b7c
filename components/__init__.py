"""TFX components, which wrap what `model` computes."""


def __getattr__(name: str):
    # A worker of Kubeflow imports the class of an artifact by its type name, components.Charset.
    # TFX is imported only when that happens.
    if name == "Charset":
        from components.charset_gen import Charset

        return Charset
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
