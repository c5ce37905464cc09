"""One change that breaks clients."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """What broke, and where."""

    package: str
    """Whose clients it breaks, such as `fluentpro.v2`."""
    where: str
    """The RPC, route, field or option; or a place in a .proto."""
    what: str
    """The change, in words."""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def package_of(name: str) -> str:
    """Return the package of a full name: what stands before its first part with a capital letter."""
    parts = name.split(".")
    end = next((index for index, part in enumerate(parts) if part[:1].isupper()), len(parts))
    return ".".join(parts[:end])
