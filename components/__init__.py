"""What `model` computes, wrapped for TFX."""


def __getattr__(name: str):
    # A worker of Kubeflow finds an artifact's class by the type's name, components.Charset;
    # TFX is not imported before it is asked for.
    if name == "Charset":
        from components.charset_gen import Charset

        return Charset
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
