"""Templates as OpenAPI writes them."""

import pytest

from gateway.openapi.paths import expand
from gateway.template import parse


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("/v1/shelves", "/v1/shelves"),
        ("/v1/shelves/{shelf}", "/v1/shelves/{shelf}"),
        ("/v1/shelves/{shelf}:archive", "/v1/shelves/{shelf}:archive"),
        ("/v1/{name=shelves/*}", "/v1/shelves/{shelf}"),
        ("/v1/{name=libraries/*/boxes/*/classes/*}:move", "/v1/libraries/{library}/boxes/{box}/classes/{class}:move"),
        ("/v1/{name=branches/*/dishes/*}", "/v1/branches/{branch}/dishes/{dish}"),
        ("/v1/{name=glasses/*}", "/v1/glasses/{glass}"),
        ("/v1/files/{path=**}", "/v1/files/{path}"),
        ("/v1/{name=files/**}", "/v1/files/{file}"),
        ("/v1/{name=shelves/*}/books/{shelf}", "/v1/shelves/{shelf_2}/books/{shelf}"),
        ("/v1/{name=as/*/as/*}", "/v1/as/{as}/as/{as_2}"),
        ("/v1/{name=shelves/main}", "/v1/shelves/main"),
        ("/v1/any/*/end", "/v1/any/{any}/end"),
        ("/v1/*/*", "/v1/{v1}/{segment}"),
        ("/{name=*}", "/{name}"),
        ("/*", "/{segment}"),
        ("/", "/"),
        ("/v1/{a.b}", "/v1/{a.b}"),
    ],
)
def test_a_template_is_expanded(template: str, path: str) -> None:
    assert expand(parse(template)).text == path


def test_a_parameter_knows_its_field() -> None:
    whole, part = expand(parse("/v1/rooms/{room}/{name=shelves/**}")).parameters
    assert (whole.field_path, whole.pattern, whole.is_multi) == ("room", "", False)
    assert (part.field_path, part.pattern, part.is_multi) == ("name", "shelves/**", True)


def test_a_path_takes_other_names() -> None:
    renamed = expand(parse("/v1/{a}/b/{c}")).renamed(["x", "y"])
    assert renamed.text == "/v1/{x}/b/{y}"
    assert [parameter.name for parameter in renamed.parameters] == ["x", "y"]
    assert [parameter.field_path for parameter in renamed.parameters] == ["a", "c"]
    assert renamed.shape == "/v1/{}/b/{}"
