"""`python examples/phone.py --server 127.0.0.1:50051 --state DIR`: talk with FluentPro's partner from a terminal.

Words appear as they come. Ctrl-C stops the reply, a second Ctrl-C leaves. Whatever was written and not yet delivered,
and how far the reply was read, stays in DIR: the next start goes on there.
"""

import sys

from phone.app import main

if __name__ == "__main__":
    sys.exit(main(__doc__))
