"""What is told of a sample."""

from api.door.schemas import ResponseModel


class Sample(ResponseModel):
    """Claims drawn at random: with the same seed of the same claims, the same ones.

    `population` is how many there are to draw from: all that were handed in and not withdrawn.
    """

    seed: str
    population: int
    claims: list[str]
