"""The one way by which the bytes of an image become pixels, for every page, command and training."""
