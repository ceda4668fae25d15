"""The sentences of the product. Flows are handed an open desk and never import each other."""
