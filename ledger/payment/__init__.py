"""Payment (兑付): budget indicators, payment lists, bank returns, refunds, recoveries."""
