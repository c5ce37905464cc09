"""A talk with FluentPro's partner by gRPC, from sign-up to the last word of a reply."""
