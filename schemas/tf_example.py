"""The protobuf messages of tf.Example, without TensorFlow.

The descriptors below are those of tensorflow/core/example/{feature,example}.proto, built in a
separate descriptor pool, where they cannot conflict with TensorFlow's own. The serialised bytes
are compatible with TensorFlow in both directions.
"""

from __future__ import annotations

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_FIELD = descriptor_pb2.FieldDescriptorProto
_PACKAGE = ".tensorflow."


def _add_field(message, name, number, kind, type_name=None, repeated=False, oneof=None):
    field = message.field.add(name=name, number=number, type=kind)
    field.label = _FIELD.LABEL_REPEATED if repeated else _FIELD.LABEL_OPTIONAL
    if type_name:
        field.type_name = _PACKAGE + type_name
    if oneof is not None:
        field.oneof_index = oneof


def _file_descriptor() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(
        name="quire/tf_example.proto", package="tensorflow", syntax="proto3"
    )
    lists = {
        "BytesList": _FIELD.TYPE_BYTES,
        "FloatList": _FIELD.TYPE_FLOAT,
        "Int64List": _FIELD.TYPE_INT64,
    }
    for name, kind in lists.items():
        _add_field(file.message_type.add(name=name), "value", 1, kind, repeated=True)
    feature = file.message_type.add(name="Feature")
    feature.oneof_decl.add(name="kind")
    for number, name in enumerate(lists, start=1):
        field_name = name.replace("List", "_list").lower()
        _add_field(feature, field_name, number, _FIELD.TYPE_MESSAGE, name, oneof=0)
    features = file.message_type.add(name="Features")
    entry = features.nested_type.add(name="FeatureEntry")
    entry.options.map_entry = True
    _add_field(entry, "key", 1, _FIELD.TYPE_STRING)
    _add_field(entry, "value", 2, _FIELD.TYPE_MESSAGE, "Feature")
    _add_field(features, "feature", 1, _FIELD.TYPE_MESSAGE, "Features.FeatureEntry", repeated=True)
    example = file.message_type.add(name="Example")
    _add_field(example, "features", 1, _FIELD.TYPE_MESSAGE, "Features")
    return file


def _message_class(name: str) -> type:
    pool = descriptor_pool.DescriptorPool()
    pool.Add(_file_descriptor())
    descriptor = pool.FindMessageTypeByName(f"tensorflow.{name}")
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)
    # protobuf 3.20, which TFX 1.16 needs, has only the older function.
    return message_factory.MessageFactory(pool).GetPrototype(descriptor)


Example = _message_class("Example")


def encode(values: dict[str, bytes | int]) -> bytes:
    """Serialise single-valued features as a tf.Example.

    Args:
        values: One value, bytes or int, by feature name.

    Returns:
        The serialised message; equal values give equal bytes.

    Example:
        >>> decode(encode({"text": b"Audience", "width_px": 320}))
        {'text': b'Audience', 'width_px': 320}
    """
    example = Example()
    for name, value in values.items():
        feature = example.features.feature[name]
        if isinstance(value, bytes):
            feature.bytes_list.value.append(value)
        else:
            feature.int64_list.value.append(value)
    return example.SerializeToString(deterministic=True)


def decode(serialised: bytes) -> dict[str, bytes | int]:
    """Deserialise a tf.Example of single-valued bytes and int features.

    Args:
        serialised: A serialised tf.Example.

    Returns:
        Values by feature name, sorted by name.

    Raises:
        ValueError: If a feature has no value, more than one, or floats.
    """
    example = Example.FromString(serialised)
    values = {}
    for name, feature in sorted(example.features.feature.items()):
        kind = feature.WhichOneof("kind")
        found = list(getattr(feature, kind).value) if kind in ("bytes_list", "int64_list") else []
        if len(found) != 1:
            raise ValueError(
                f"feature {name!r} holds {len(found)} bytes or int values instead of one"
            )
        values[name] = found[0]
    return values
