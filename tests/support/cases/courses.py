"""Courses of cases: the voucher's, those of real cities, and what is none."""

from ledger.claims.rules.courses import VOUCHER

DONGXIHU = (
    "draft", "submitted", "accepted", "inspected", "published", "verified", "approved", "listed",
    "paid",
)  # fmt: skip
"""东西湖 publishes after the site was looked at, before the audit."""
ZHONGSHAN = (
    "draft", "submitted", "reviewed", "accepted", "verified", "checked", "inspected", "scored",
    "nominated", "published", "approved", "listed", "paid",
)  # fmt: skip
"""中山: town, bureau, third party, bureau, site, committee, party committee, publication."""
TITLE = ("draft", "submitted", "accepted", "published", "approved")
"""What is not money ends where it is approved."""

COURSES = {"voucher": VOUCHER, "dongxihu": DONGXIHU, "zhongshan": ZHONGSHAN, "title": TITLE}
NO_COURSES = (
    VOUCHER[1:],
    ("draft", "submitted", "published", "accepted", "approved"),
    ("draft", "submitted", "accepted", "approved", "listed", "paid"),
    (*TITLE, "listed"),
    (*TITLE, "paid", "listed"),
    (*TITLE, "scored"),
    ("draft", "submitted", "accepted", "published", "guessed", "approved"),
    ("draft", "submitted", "accepted", "accepted", "published", "approved"),
)
