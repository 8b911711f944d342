"""Which rolls a month's archive takes, where those lie that went, and their handing over."""
