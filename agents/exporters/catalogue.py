"""The exporters that are read: one entry for each vendor."""

from agents.exporters.huawei import NPU_EXPORTER
from agents.exporters.nvidia import DCGM_EXPORTER

VENDORS = (DCGM_EXPORTER, NPU_EXPORTER)
FAMILIES = frozenset(family for vendor in VENDORS for family in vendor.families)
BY_FAMILY = {family: vendor for vendor in VENDORS for family in vendor.families}
