"""Peak FP16 of GPU models, without sparsity, as article 2's scale of a centre is counted.

Only figures that were looked up stand here, in TFLOPS with the tensor cores, dense: NVIDIA's sheets
print the double, «with sparsity», for Ampere and later. A model that is not here has none, and is
named to whoever reads the sum; a chip that another peak is known of is added with its source.
"""

from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType

from ledger.units import decimal

_TFLOPS = {
    # NVIDIA A100 datasheet: FP16 Tensor Core 312 TFLOPS, 624 with sparsity; every form and memory
    "NVIDIA A100-SXM4-40GB": "312",
    "NVIDIA A100-SXM4-80GB": "312",
    "NVIDIA A100-PCIE-40GB": "312",
    "NVIDIA A100 80GB PCIe": "312",
    # NVIDIA H100 Tensor Core GPU Architecture, table of H100 SXM5: 989.4, 1,978.9 with sparsity
    "NVIDIA H100 80GB HBM3": "989.4",
    # NVIDIA Tesla V100 datasheet: 125 with NVLink
    "Tesla V100-SXM2-16GB": "125",
    "Tesla V100-SXM2-32GB": "125",
    # NVIDIA T4 datasheet: mixed precision FP16/FP32 65
    "Tesla T4": "65",
}
PEAK_TFLOPS: Mapping[str, Fraction] = MappingProxyType(
    {name: decimal(tflops) for name, tflops in _TFLOPS.items()}
)


def peak_tflops(nvml_name: str | None) -> Fraction | None:
    """Return a GPU's peak by what NVML calls it; None where it is not known."""
    return PEAK_TFLOPS.get(nvml_name or "")
