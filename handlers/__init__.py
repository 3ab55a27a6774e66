"""The edges: one package for each way in and out."""
