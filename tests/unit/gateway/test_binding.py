"""HTTP rules that cannot be served are refused at start-up, by method and template."""

import pytest

from gateway.binding import BindingError, compile_routes
from gateway.routes import RouteError

_HEAD = (
    'package more.v1; import "google/api/annotations.proto"; import "google/api/httpbody.proto"; import "kinds.proto"; '
    "message Flat { repeated string names = 1; google.api.HttpBody body = 2; } "
    "service More { rpc Do(kinds.v1.Kinds) returns (kinds.v1.Kinds) { option (google.api.http) = {%s}; } }"
)


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ('get: "/more" body: "*"', "a GET has no body"),
        ('post: "/more" body: "nope"', "no field"),
        ('post: "/more" body: "kinds_one.string_one"', "no field"),
        ('post: "/more/{string_one}" body: "string_one"', "bound by the path"),
        ('get: "/more/{nope}"', "there is no field"),
        ('get: "/more/{string_one.more}"', "has no fields"),
        ('get: "/more/{timestamp.seconds}"', "has no fields"),
        ('get: "/more/{kinds_one}"', "cannot be given as text"),
        ('get: "/more/{struct}"', "cannot be given as text"),
        ('get: "/more/{string_many}"', "repeated"),
        ('get: "/more/{kinds_many.string_one}"', "repeated"),
        ('get: "/more/{by_string}"', "map"),
        ('get: "/more/"', "no segment"),
        ('get: ""', "does not begin"),
        ('body: "*"', "does not begin"),
        ('get: "/more" response_body: "nope"', "response_body"),
        ('get: "/more" additional_bindings {get: "/b" additional_bindings {get: "/c"}}', "bindings of its own"),
    ],
)
def test_a_rule_that_cannot_be_served_is_refused(compile_proto, rule, reason):
    with pytest.raises(BindingError, match=reason) as caught:
        compile_routes(compile_proto(_HEAD % rule))
    assert "more.v1.More.Do" in str(caught.value)


def test_two_methods_on_one_route_are_refused(compile_proto):
    with pytest.raises(RouteError, match=r"more\.v1\.More\.Do"):
        compile_routes(compile_proto(_HEAD % 'get: "/v1/shelves/{string_one}/books/{bytes_one}"'))


@pytest.mark.parametrize("response_body", ["names", "body"])
def test_a_flat_answer_that_is_no_object_is_refused(compile_proto, response_body):
    text = (
        'package more.v1; import "google/api/annotations.proto"; import "google/api/httpbody.proto"; '
        'import "options.proto"; option (fluentpro.contract.v1.api_version) = {envelope: ENVELOPE_FLAT}; '
        "message Flat { repeated string names = 1; google.api.HttpBody body = 2; } "
        'service More { rpc Do(Flat) returns (Flat) { option (google.api.http) = {get: "/x" response_body: "%s"}; } }'
    )
    with pytest.raises(BindingError, match="flat"):
        compile_routes(compile_proto(text % response_body))


def test_routes_list_what_there_is(image):
    routes = list(compile_routes(image))
    rules = {(route.http_method, route.template.text, route.rpc) for route in routes if not route.rule.is_default}
    assert ("GET", "/v1/files/{book=**}", "library.v1.Library.Read") in rules
    assert ("POST", "/api/v1/profile", "shop.v1.Users.SetProfile") in rules
    create = next(route for route in routes if route.rpc == "shop.v2.Shop.CreateCustomer")
    assert (create.http_status, create.policy.http_status, create.method) == (201, 201, "/shop.v2.Shop/CreateCustomer")
    defaults = {route.template.text for route in routes if route.rule.is_default}
    assert "/library.v1.Library/Unannotated" in defaults


def test_a_client_stream_has_routes_with_a_body_and_websockets(image):
    routes = [route for route in compile_routes(image) if route.rpc == "library.v1.Library.Gather"]
    assert [(route.http_method, route.rule.path, route.is_websocket) for route in routes] == [
        ("POST", "/v1/shelves/{shelf}/gather", False),
        ("GET", "/v1/gather", True),
        ("POST", "/library.v1.Library/Gather", False),
    ]
