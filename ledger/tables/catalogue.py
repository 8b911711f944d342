"""What is metered: registered GPUs, and the catalogue that names their models for prices."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from ledger.tables.columns import big, identity, moment


class CatalogueModel(SQLModel, table=True):
    """A model that prices speak of, such as `H100-80G`."""

    __tablename__ = "catalogue_models"
    id: int | None = identity()
    name: str = Field(unique=True)


class CatalogueName(SQLModel, table=True):
    """What NVML or a job source calls a device (and its MIG profile) → a catalogue model."""

    __tablename__ = "catalogue_names"
    nvml_name: str = Field(primary_key=True)
    mig_profile: str = Field(default="", primary_key=True)
    model: int = big()


class Gpu(SQLModel, table=True):
    """A registered physical GPU: where it stands, and since when it is expected to report."""

    __tablename__ = "gpus"
    gpu: str = Field(primary_key=True)
    cluster: int = big()
    node: str
    registered_from: datetime = moment()
    retired_at: datetime | None = moment(nullable=True)
