"""The pages, one function and one template each."""
