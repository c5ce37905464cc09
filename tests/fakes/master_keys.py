"""Master keys for tests."""

from adapters.security.master_keys import MasterKeys

MASTER_KEYS = MasterKeys({"test": bytes(range(32))})
