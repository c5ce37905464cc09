"""What our own OpenAPI documents say before what the gateway says of itself."""

from gateway.openapi.documents import Wording

_INTRODUCTION = """\
FluentPro helps people speak English at work: onboarding, role-plays with an AI partner, and what was said in them.

## Signing in

To sign up or to log in opens a session and gives its tokens. Send the access token with every call, as
`Authorization: Bearer <access_token>`. It lives ten minutes; the refresh token buys the next pair, once. What has no
lock here needs no token.

## Lists

A list takes `page_size` (20 when absent, at most 100) and gives `next_page_token`, which is empty on the last page. For
the next page send it as `page_token` and change nothing else.

## Once and no more

`If-Match` with a resource's `etag` changes the state that you have seen and no other: when it has changed by now, the
answer is 412. A call whose answer was lost can be sent again where it takes an `Idempotency-Key`, and a message is said
once for each `client_message_id`.

## Replies as they come

A partner's reply is a stream, kept in a log. When the connection breaks, read on after the last `cursor` that you have
seen; a browser does so by itself, with `Last-Event-ID`."""

WORDING = Wording("FluentPro", _INTRODUCTION)
"""For `Documents`."""
