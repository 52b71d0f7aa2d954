"""LesionLab's pages. The pipeline comes first: it keeps this process's libraries silent, whatever is loaded then."""

import pipeline  # noqa: F401
