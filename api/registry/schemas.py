"""Request and response models of the registry; see `api/door/schemas.py`."""

from api.door.schemas import ResponseModel


class RegistryOutcome(ResponseModel):
    """What came of a registry file, counted by section."""

    created: dict[str, int]
    unchanged: dict[str, int]
    superseded: dict[str, int]
