"""Whether a picture is one that a classifier of dermatoscopic images can be asked about: checks of its pixels."""
