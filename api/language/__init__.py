"""The reader’s language: catalogue, labels of codes, figures as people write them."""
