"""The product as the tests of the practice page have it."""

from dataclasses import dataclass

from api.stage import StageModel

from adapters.settings import Settings
from adapters.wiring import Application


@dataclass(frozen=True)
class ServedProduct:
    """What runs, and on which port of 127.0.0.1."""

    settings: Settings
    application: Application
    model: StageModel
    port: int

    @property
    def site(self) -> str:
        """Its origin, with nothing in between."""
        return f"http://127.0.0.1:{self.port}"
