"""A person: roles, tokens, accounts, links, sign-ins, and whom she let in."""
