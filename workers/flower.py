"""Flower shows jobs and can end workers: nobody gets in without a password, and nobody from elsewhere by default."""

from collections.abc import MutableMapping, Sequence

PASSWORD = "FLOWER_BASIC_AUTH"  # noqa: S105 - the variable's name
_LEAST_CHARACTERS = 12
_LOOPBACK = "127.0.0.1"


class FlowerRefused(Exception):
    """Flower may not start like this; the message names the variable and never its value."""


def guard(words: Sequence[str], environ: MutableMapping[str, str]) -> None:
    """Look at the command line; where it starts Flower, refuse or have it listen on this machine alone.

    Flower reads FLOWER_ADDRESS and FLOWER_BASIC_AUTH itself. Raises FlowerRefused.
    """
    before, found, options = _split(words)
    if not found or "worker" in before:  # a worker may have that name
        return
    if any(option.replace("-", "_").startswith("__basic_auth") for option in options):
        raise FlowerRefused(f"--basic-auth shows the password to everybody on this machine; set {PASSWORD} instead")
    _, _, password = environ.get(PASSWORD, "").partition(":")
    if len(password) < _LEAST_CHARACTERS:
        raise FlowerRefused(f"{PASSWORD}: Flower needs user:password, with {_LEAST_CHARACTERS} characters or more")
    environ.setdefault("FLOWER_ADDRESS", _LOOPBACK)


def _split(words: Sequence[str]) -> tuple[Sequence[str], bool, Sequence[str]]:
    place = words.index("flower") if "flower" in words else len(words)
    return words[:place], place < len(words), words[place + 1 :]
