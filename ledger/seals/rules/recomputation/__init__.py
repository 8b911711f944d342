"""What follows from sealed rows, computed again: of a database and of an export alike.

Each module holds rows to those that they follow from. A row that differs is named with what it
says, what was worked out, and from which rows; what cannot be worked out is listed with the reason.
"""
