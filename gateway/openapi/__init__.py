"""OpenAPI 3.1 of an image's HTTP rules, made from the bindings that serve them."""
