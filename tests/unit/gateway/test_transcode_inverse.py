"""What google-api-core's clients make of a request, by `transcode`, our binding makes the same request of."""

import asyncio
import json
from urllib.parse import urlencode

from google.api_core import path_template, rest_helpers
from google.protobuf import json_format
from google.protobuf.message_factory import GetMessageClass
from hypothesis import HealthCheck, given, settings, strategies as st

_RULES = (
    {"method": "get", "uri": "/v1/shelves/{shelf}/books/{book}"},
    {"method": "get", "uri": "/v1/files/{book=**}"},
    {"method": "post", "uri": "/v1/shelves/{shelf}/books", "body": "*"},
    {"method": "put", "uri": "/v1/shelves/{shelf}/tags", "body": "tags"},
)
_SEGMENT = st.text("abZ09 %é:+?&=#~", min_size=1, max_size=8)
_INT32 = st.integers(-(2**31), 2**31 - 1).filter(bool)  # a default is not sent
_REQUESTS = st.fixed_dictionaries(
    {"shelf": _SEGMENT, "book": _SEGMENT, "tags": st.lists(st.text("ab é&=+,", max_size=4), min_size=1, max_size=3)},
    optional={
        "page_size": _INT32,
        "author": st.fixed_dictionaries({"name": _SEGMENT}, optional={"born": _INT32}),
        "etag": _SEGMENT,
        "chapter": _SEGMENT,
    },
)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rule=st.sampled_from(_RULES), request=_REQUESTS)
def test_a_transcoded_request_is_bound_to_what_it_was(image, client, sent, rule, request):
    call = path_template.transcode([rule], **request)
    query = urlencode(rest_helpers.flatten_query_params(call["query_params"], strict=True))
    body = json.dumps(call["body"]).encode() if "body" in call else b""
    loop = asyncio.new_event_loop()
    try:
        answer = loop.run_until_complete(client.request(call["method"].upper(), f"{call['uri']}?{query}", body))
    finally:
        loop.close()
    assert answer.status == 200, answer.json
    expected = GetMessageClass(image.pool.FindMessageTypeByName("library.v1.Request"))()
    assert sent("library.v1.Request") == json_format.ParseDict(request, expected)
