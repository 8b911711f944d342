"""The chain from a payment to the signed bytes of a batch, and back."""
