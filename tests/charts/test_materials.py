"""What the program rests on: the table of licences is that of the packages, and none is GPL."""

import json
import sys

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from bundle import sbom
from bundle.materials import PAGE, PROGRAM, materials, table

COPYLEFT = {"psycopg", "psycopg-binary"}


def test_copyleft_is_psycopg_alone_and_lesser() -> None:
    found = {one.name: one.licence for one in materials() if "GPL" in one.licence.upper()}
    assert found.keys() == COPYLEFT
    assert all("LGPL" in licence for licence in found.values())


def test_every_package_says_its_licence() -> None:
    assert [one.name for one in materials() if one.licence == "—"] == []


@pytest.mark.skipif(
    sys.platform != "linux" or sys.version_info[:2] != (3, 11),
    reason="the table in docs/doors/licences.md is that of Linux and Python 3.11",
)
def test_the_page_has_the_table() -> None:
    assert table(materials()) in PAGE.read_text(encoding="utf-8"), "make sbom"


def test_the_bill_is_one_and_names_every_package() -> None:
    found = materials()
    text = sbom.of_program(PROGRAM, [one.package for one in found])
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    components = json.loads(text)["components"]
    assert {c["purl"] for c in components} == {
        f"pkg:pypi/{one.name}@{one.package.version}" for one in found
    }
    assert all(c["licenses"] for c in components)
