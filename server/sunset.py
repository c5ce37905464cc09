"""Moving the last day of an API version: an operator may, but later only (`FLUENTPRO_SUNSET`)."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from google.protobuf.message_factory import GetMessageClass

from adapters.settings import SettingsError
from gateway.image import Image
from gateway.lifecycle import Lifecycle, read_lifecycle
from gateway.versions import API_VERSION

_SET = "google.protobuf.FileDescriptorSet"


def with_sunsets(image: Image, sunsets: Mapping[str, date]) -> Image:
    """Return the image with other days in its `api_version` options, by the version's name, such as `v1`.

    Everything that serves, counts and documents reads the days there. Raises SettingsError with every wrong day.
    """
    if not sunsets:
        return image
    problems = list(_problems(image, sunsets))
    if problems:
        raise SettingsError([f"FLUENTPRO_SUNSET: {problem}" for problem in problems])
    # An image's own files are of its pool's classes, which a new set takes over as they are.
    files: Any = GetMessageClass(image.pool.FindMessageTypeByName(_SET))(file=image.files)
    extension: Any = image.pool.FindExtensionByName(API_VERSION)
    for file in files.file:
        if file.options.HasExtension(extension) and (day := sunsets.get(_name(file.package))):
            file.options.Extensions[extension].sunset_on = day.isoformat()
    return Image(files.SerializeToString())


def _problems(image: Image, sunsets: Mapping[str, date]) -> Iterator[str]:
    lives = dict(_lives(image))
    for name, day in sunsets.items():
        life = lives.get(name)
        if life is None:
            yield f"there is no version {name}; there are {', '.join(sorted(lives))}"
        elif not life.sunset_on or life.is_over:
            yield f"{name} has no last day that could be moved"
        elif day.isoformat() < life.sunset_on:
            yield f"{name} answers until {life.sunset_on}, and the day can only be moved to a later one"


def _lives(image: Image) -> Iterator[tuple[str, Lifecycle]]:
    for file in image.files:
        option = image.option(file, API_VERSION)
        if option is not None:
            yield _name(file.package), read_lifecycle(option)


def _name(package: str) -> str:
    return package.rpartition(".")[2]
