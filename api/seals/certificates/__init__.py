"""算力计量证明: certificates of metered use, their page, and whether one still holds."""
