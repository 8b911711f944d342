"""The verbs of the flow, one module each; one call is one transaction of its caller."""
