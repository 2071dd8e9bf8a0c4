"""Serving: Voilà standalone, with our own pages."""
