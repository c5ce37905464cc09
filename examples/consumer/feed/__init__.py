"""A consumer of FluentPro's events: each has its effect once, in the order of its aggregate."""
