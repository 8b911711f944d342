"""Bills of materials, in CycloneDX 1.6: what an image holds above its base, from its wheels.

The packages of the base image are its maker's to list; the bill names it by its digest.
"""

import hashlib
import re
from email.message import Message
from email.parser import BytesParser
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
        component = _component(wheel)
        if (_plain(component.name), component.version) in pins:
            bom.components.add(component)
            bom.register_dependency(bom.metadata.component, [component])
    text: str = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(
        indent=1
    )
    return text + "\n"


def _component(wheel: Path) -> Component:
    facts = _metadata(wheel)
    name, version = facts["Name"], facts["Version"]
    return Component(
        name=name,
        version=version,
        type=ComponentType.LIBRARY,
        purl=PackageURL("pypi", name=_plain(name), version=version),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=_sha256(wheel))],
        licenses=_licences(facts),
        bom_ref=f"{_plain(name)}@{version}",
    )


def _licences(facts: Message) -> list[License]:
    """The expression, else the classifiers; a whole licence text in a heading is not a name."""
    factory = LicenseFactory()
    if expression := facts["License-Expression"]:
        return [factory.make_from_string(expression)]
    classifiers = [
        value.rpartition(" :: ")[2]
        for value in facts.get_all("Classifier", [])
        if value.startswith("License :: ")
    ]
    line = (facts["License"] or "").strip()
    names = classifiers or ([line] if line and "\n" not in line else [])
    return [factory.make_with_name(name) for name in names]


def _metadata(wheel: Path) -> Message:
    with ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        return BytesParser().parsebytes(archive.read(name), headersonly=True)


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
