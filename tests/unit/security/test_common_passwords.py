"""The passwords that everybody tries."""

from adapters.security.passwords import common_passwords


def test_what_leaks_are_full_of_is_common():
    common = common_passwords()
    assert {"qwertyuiop", "1234567890", "password123", "1qaz2wsx3edc"} <= common
    assert "correct horse battery" not in common


def test_the_list_is_case_folded():
    assert all(word == word.casefold() for word in common_passwords())
