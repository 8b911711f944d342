"""Claims (兑付申请): from application through publication to approval."""
