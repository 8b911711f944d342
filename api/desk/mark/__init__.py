"""The mark «演练，不得用于拨付», and what a database lacks before it goes."""
