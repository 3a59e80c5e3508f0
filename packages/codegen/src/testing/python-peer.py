"""Answers for protobuf's own Python library: a line of JSON each.

The first line is a FileDescriptorSet. Each one after it has the name of a type and either bytes or JSON of a message; the answer has
the message's bytes, in one form for each message (deterministic: maps are sorted), and its JSON if that is wanted; or the error.
"""

import base64
import json
import sys

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

files = descriptor_pb2.FileDescriptorSet.FromString(base64.b64decode(sys.stdin.readline()))
pool = descriptor_pool.DescriptorPool()
for file in files.file:
    pool.Add(file)
factory = message_factory.MessageFactory(pool)
# Extensions are known once their files' messages were asked for.
factory.GetMessages([file.name for file in files.file])


def make(type_name):
    return factory.GetPrototype(pool.FindMessageTypeByName(type_name))()


def messages_in(field, value):
    if field.message_type is None:
        return []
    if field.message_type.GetOptions().map_entry:
        has_messages = field.message_type.fields_by_name["value"].message_type is not None
        return list(value.values()) if has_messages else []
    return value if field.label == field.LABEL_REPEATED else [value]


def sort_maps_in_any(message):
    """The bytes in an Any are others for each order of a map."""
    for field, value in message.ListFields():
        for inner in messages_in(field, value):
            sort_maps_in_any(inner)
    if message.DESCRIPTOR.full_name == "google.protobuf.Any" and message.type_url:
        inner = make(message.type_url.split("/")[-1])
        inner.MergeFromString(message.value)
        sort_maps_in_any(inner)
        message.value = inner.SerializePartialToString(deterministic=True)


def answer(request):
    message = make(request["type"])
    if "bytes" in request:
        message.MergeFromString(base64.b64decode(request["bytes"]))
    else:
        json_format.Parse(request["json"], message, descriptor_pool=pool)
    sort_maps_in_any(message)
    # Required fields may be missing.
    data = message.SerializePartialToString(deterministic=True)
    result = {"bytes": base64.b64encode(data).decode()}
    if request.get("wantsJson"):
        result["json"] = json_format.MessageToJson(message, indent=None, descriptor_pool=pool)
    return result


for line in sys.stdin:
    try:
        result = answer(json.loads(line))
    except Exception as error:  # Each is an answer.
        result = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(result))
