"""Running everything on one machine: start, background rounds, the commands of the machine."""
