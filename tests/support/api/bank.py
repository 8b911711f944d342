"""The bank's file: its day, its year and its head."""

from tests.support.api.town import NOW

DAY = NOW.date().isoformat()


YEAR = NOW.year


HEAD = "流水号,清单号,序号,结果,金额,日期,原因\n"
