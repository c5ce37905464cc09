import gc

from server.collector import settle


def test_what_start_up_made_is_never_looked_at_again() -> None:
    before, threshold = gc.get_freeze_count(), gc.get_threshold()
    try:
        settle()
        assert gc.get_freeze_count() > before
        assert gc.get_threshold()[0] > 700
    finally:
        gc.unfreeze()
        gc.set_threshold(*threshold)
