"""The NVIDIA driver through NVML, read by a child process that is watched."""
