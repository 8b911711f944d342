"""Bills of materials, in CycloneDX 1.6: of an image from its wheels, of the program as installed.

The packages of an image's base are its maker's to list; the bill names it by its digest.
"""

import hashlib
import re
from collections.abc import Iterable
from email.message import Message
from email.parser import BytesParser
from importlib.metadata import Distribution, PackageMetadata
from pathlib import Path
from zipfile import ZipFile

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import License
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

_PIN = re.compile(r"^([\w.-]+)==(\S+)", re.MULTILINE)


def of_image(image: str, lock: Path, folder: Path, base: str | None) -> str:
    """Return the bill of an image as JSON: every wheel of its lock, with hash and licence."""
    pins = {(_plain(name), version) for name, version in _PIN.findall(lock.read_text("utf-8"))}
    bom = Bom()
    bom.metadata.component = Component(name=f"suanquan-{image}", type=ComponentType.CONTAINER)
    if base is not None:
        bom.components.add(Component(name=base, type=ComponentType.CONTAINER))
    for wheel in sorted(folder.glob("*.whl")):
        component = _component(_metadata(wheel), wheel)
        if (_plain(component.name), component.version) in pins:
            bom.components.add(component)
            bom.register_dependency(bom.metadata.component, [component])
    return _text(bom)


def of_program(name: str, packages: Iterable[Distribution]) -> str:
    """Return the bill of a program as JSON: what it needs as it is installed, with licences.

    Files' hashes stand in requirements.txt, one for each platform.
    """
    bom = Bom()
    bom.metadata.component = Component(name=name, type=ComponentType.APPLICATION)
    for package in packages:
        component = _component(package.metadata)
        bom.components.add(component)
        bom.register_dependency(bom.metadata.component, [component])
    return _text(bom)


def licence_names(facts: PackageMetadata | Message) -> list[str]:
    """The expression, else the classifiers; a whole licence text in a heading is not a name."""
    if expression := facts["License-Expression"]:
        return [expression]
    classifiers = [
        value.rpartition(" :: ")[2]
        for value in facts.get_all("Classifier") or ()
        if value.startswith("License :: ")
    ]
    line = (facts["License"] or "").strip()
    return classifiers or ([line] if line and "\n" not in line else [])


def _text(bom: Bom) -> str:
    outputter = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6)
    return str(outputter.output_as_string(indent=1)) + "\n"


def _component(facts: PackageMetadata | Message, wheel: Path | None = None) -> Component:
    name, version = facts["Name"], facts["Version"]
    hashes = [] if wheel is None else [HashType(alg=HashAlgorithm.SHA_256, content=_sha256(wheel))]
    return Component(
        name=name,
        version=version,
        type=ComponentType.LIBRARY,
        purl=PackageURL("pypi", name=_plain(name), version=version),
        hashes=hashes,
        licenses=_licences(facts),
        bom_ref=f"{_plain(name)}@{version}",
    )


def _licences(facts: PackageMetadata | Message) -> list[License]:
    factory = LicenseFactory()
    if facts["License-Expression"]:
        return [factory.make_from_string(name) for name in licence_names(facts)]
    return [factory.make_with_name(name) for name in licence_names(facts)]


def _metadata(wheel: Path) -> Message:
    with ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        return BytesParser().parsebytes(archive.read(name), headersonly=True)


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
