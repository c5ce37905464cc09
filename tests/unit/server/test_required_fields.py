from typing import Any

import pytest
from google.api.field_behavior_pb2 import REQUIRED
from google.protobuf.descriptor_pb2 import FieldDescriptorProto as Field
from google.protobuf.message_factory import GetMessageClass

from gateway.image import Image
from server.image import our_image
from server.required_fields import RequiredFields

SHAPES = """
name: "shop.proto" package: "shop" syntax: "proto3"
dependency: "google/protobuf/field_mask.proto"
message_type {
  name: "Order"
  field { name: "title" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
  field { name: "data" number: 2 type: TYPE_BYTES label: LABEL_OPTIONAL }
  field { name: "count" number: 3 type: TYPE_INT32 label: LABEL_OPTIONAL }
  field { name: "kind" number: 4 type: TYPE_ENUM type_name: ".shop.Kind" label: LABEL_OPTIONAL }
  field { name: "note" number: 5 type: TYPE_STRING label: LABEL_OPTIONAL proto3_optional: true oneof_index: 0 }
  field { name: "items" number: 6 type: TYPE_MESSAGE type_name: ".shop.Item" label: LABEL_REPEATED }
  field { name: "main" number: 7 type: TYPE_MESSAGE type_name: ".shop.Item" label: LABEL_OPTIONAL }
  field { name: "tags" number: 8 type: TYPE_MESSAGE type_name: ".shop.Order.TagsEntry" label: LABEL_REPEATED }
  field { name: "plain" number: 9 type: TYPE_MESSAGE type_name: ".shop.Plain" label: LABEL_OPTIONAL }
  oneof_decl { name: "_note" }
  nested_type {
    name: "TagsEntry" options { map_entry: true }
    field { name: "key" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
    field { name: "value" number: 2 type: TYPE_MESSAGE type_name: ".shop.Item" label: LABEL_OPTIONAL }
  }
}
message_type {
  name: "Item"
  field { name: "name" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
  field { name: "part" number: 2 type: TYPE_MESSAGE type_name: ".shop.Item" label: LABEL_OPTIONAL }
}
message_type { name: "Plain" field { name: "x" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL } }
message_type {
  name: "UpdateItem"
  field { name: "item" number: 1 type: TYPE_MESSAGE type_name: ".shop.Item" label: LABEL_OPTIONAL }
  field { name: "mask" number: 2 type: TYPE_MESSAGE type_name: ".google.protobuf.FieldMask" label: LABEL_OPTIONAL }
}
enum_type { name: "Kind" value { name: "KIND_UNSPECIFIED" number: 0 } value { name: "KIND_BIG" number: 1 } }
service {
  name: "Shop"
  method { name: "Buy" input_type: ".shop.Order" output_type: ".shop.Order" }
  method { name: "Update" input_type: ".shop.UpdateItem" output_type: ".shop.Item" }
}
"""
MARKED = {"Order": ("title", "data", "count", "kind", "note", "items"), "Item": ("name",)}


@pytest.fixture(scope="module")
def shop() -> Image:
    from google.protobuf import text_format

    ours = our_image()
    set_of_files = GetMessageClass(ours.pool.FindMessageTypeByName("google.protobuf.FileDescriptorSet"))
    files: Any = set_of_files(file=ours.files)
    behavior: Any = ours.pool.FindExtensionByName("google.api.field_behavior")
    file = text_format.Parse(SHAPES, files.file.add())
    for message in file.message_type:
        for field in message.field:
            if field.name in MARKED.get(message.name, ()):
                field.options.Extensions[behavior].append(REQUIRED)
    return Image(files.SerializeToString())


@pytest.fixture(scope="module")
def required(shop: Image) -> RequiredFields:
    return RequiredFields(shop)


@pytest.fixture
def make(shop: Image):
    return lambda name, /, **fields: GetMessageClass(shop.pool.FindMessageTypeByName(f"shop.{name}"))(**fields)


def full(make: Any, **changes: Any) -> Any:
    fields = {"title": "t", "data": b"d", "kind": 1, "note": "", "items": [make("Item", name="a")]}
    return make("Order", **{**fields, **changes})


def test_each_kind_of_field_is_missed_when_it_says_nothing(required, make) -> None:
    assert required.missing(make("Order")) == ["title", "data", "kind", "note", "items"]


def test_a_number_may_be_zero_and_an_optional_text_may_be_empty(required, make) -> None:
    assert required.missing(full(make, count=0, note="")) == []


def test_what_is_inside_of_messages_and_lists_is_told_by_its_path(required, make) -> None:
    items = [make("Item", name="a"), make("Item"), make("Item", name="c", part=make("Item"))]
    order = full(make, items=items, main=make("Item", part=make("Item", name="p")))
    assert required.missing(order) == ["items[1].name", "items[2].part.name", "main.name"]


def test_values_of_maps_and_absent_messages_are_left_alone(required, make) -> None:
    order = full(make, plain=make("Plain"))
    order.tags["x"].part.SetInParent()
    assert required.missing(order) == []


def test_a_message_beside_a_field_mask_is_partial(required, make) -> None:
    assert required.missing(make("UpdateItem", item=make("Item"))) == []


def test_a_message_that_no_method_takes_needs_nothing(required) -> None:
    assert required.missing(Field()) == []
