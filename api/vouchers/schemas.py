"""What the API takes and gives of caps, lapses and reservations; see `api/door/schemas.py`."""

from datetime import date

from api.door.schemas import Asked, Long, Text, Told


class CapWanted(Asked):
    """Another cap of a voucher, fen, and why."""

    cap_fen: int
    reason: Long


class LapseWanted(Asked):
    """Why what is left of a voucher lapses."""

    reason: Long


class ReservationWanted(Asked):
    """A part of a voucher, fen, held back for a plan to the end of a Beijing day."""

    fen: int
    plan: Text
    until: date


class ReservationSeen(Told):
    """A reservation that stands, and what nobody used of it, fen."""

    id: int
    fen: int
    left_fen: int
    plan: str
    until: date


class ReservationReleased(Told):
    """What nobody used of a reservation, available again, fen."""

    id: int
    released_fen: int
