"""Reading a descriptor image: options and comments without any generated stub."""

import pytest
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

from gateway.image import Image, ImageError
from gateway.versions import read_versions


def _bytes_of(*files):
    return descriptor_pb2.FileDescriptorSet(file=files).SerializeToString()


def test_options_of_every_kind_are_read_by_name(image):
    methods = {method.full_name: proto for method, proto in image.methods()}
    create = methods["shop.v2.Shop.CreateCustomer"]
    assert image.option(create, "fluentpro.contract.v1.policy").http_status == 201
    assert image.option(create, "google.api.http").post == "/api/v2/customers"
    assert image.option(methods["library.v1.Library.Unannotated"], "google.api.http") is None
    event = image.pool.FindMessageTypeByName("shop.v2.Event")
    assert image.field_options(event, "fluentpro.contract.v1.cursor") == {"cursor": True}


def test_an_option_that_the_image_does_not_know_is_not_set(image):
    method = next(proto for _, proto in image.methods())
    assert image.option(method, "nowhere.option") is None


def test_comments_are_there(image):
    shop = next(file for file in image.files if file.name == "shop.proto")
    comments = [
        location.leading_detached_comments or location.leading_comments for location in shop.source_code_info.location
    ]
    assert any("An API version" in str(comment) for comment in comments)


def test_a_nested_message_has_its_options_too(compile_proto):
    image = compile_proto(
        'package n; import "options.proto"; message Outer { message Inner '
        "{ string at = 1 [(fluentpro.contract.v1.cursor) = true]; } }"
    )
    inner = image.pool.FindMessageTypeByName("n.Outer.Inner")
    assert image.field_options(inner, "fluentpro.contract.v1.cursor") == {"at": True}


def test_files_may_stand_in_any_order():
    first = descriptor_pb2.FileDescriptorProto(name="first.proto", package="a", syntax="proto3")
    second = descriptor_pb2.FileDescriptorProto(
        name="second.proto", package="b", syntax="proto3", dependency=["first.proto"]
    )
    second.message_type.add(name="M")
    assert Image(_bytes_of(second, first)).pool.FindMessageTypeByName("b.M").name == "M"


def test_google_files_come_from_the_installed_packages():
    file = descriptor_pb2.FileDescriptorProto(
        name="a.proto", package="a", syntax="proto3", dependency=["google/rpc/status.proto"]
    )
    assert Image(_bytes_of(file)).pool.FindMessageTypeByName("google.rpc.Status").name == "Status"


def test_an_image_without_its_imports_is_refused():
    file = descriptor_pb2.FileDescriptorProto(name="a.proto", dependency=["b.proto"])
    with pytest.raises(ImageError, match=r"lacks b\.proto"):
        Image(_bytes_of(file))


def test_a_strangers_option_with_the_same_number_does_no_harm():
    """The stranger's option is a text, under the number that google.api.http has."""
    bare = DescriptorPool()  # the default pool may know google.api.http by now, and would not take the text
    bare.AddSerializedFile(descriptor_pb2.DESCRIPTOR.serialized_pb)
    files = GetMessageClass(bare.FindMessageTypeByName("google.protobuf.FileDescriptorSet"))()
    file = files.file.add(
        name="stranger.proto", package="stranger", syntax="proto2", dependency=["google/protobuf/descriptor.proto"]
    )
    file.extension.add(name="note", number=72295728, extendee=".google.protobuf.MethodOptions", type=9, label=1)
    file.message_type.add(name="M")
    method = file.service.add(name="S").method.add(name="Do", input_type=".stranger.M", output_type=".stranger.M")
    method.options.MergeFromString(b"\x82\xd3\xe4\x93\x02\x05hello")  # the number of google.api.http, and a text
    image = Image(files.SerializeToString())
    (_, proto), *_ = image.methods()
    assert image.option(proto, "stranger.note") == "hello"
    assert image.option(proto, "google.api.http") is None


def test_each_package_has_its_version(image):
    versions = read_versions(image)
    assert versions["shop.v2"].base_path == "/api/v2"
    assert versions["shop.v2"].name == "v2"
    assert versions["shop.v2"].style.proto_names
    assert versions["shop.v1"].trailing_slash
    assert versions["shop.v1"].style.ignore_unknown
    assert versions["library.v1"].base_path == ""
    assert not versions["library.v1"].style.print_defaults


def test_a_version_covers_the_paths_under_it(image):
    version = read_versions(image)["shop.v2"]
    assert version.covers("/api/v2")
    assert version.covers("/api/v2/x")
    assert not version.covers("/api/v22")
    assert not read_versions(image)["library.v1"].covers("/")


def test_a_package_that_says_its_version_twice_is_refused(compile_proto):
    image = compile_proto(
        'package shop.v2; import "options.proto"; option (fluentpro.contract.v1.api_version) = {base_path: "/x"};'
    )
    with pytest.raises(ImageError, match="two files"):
        read_versions(image)
