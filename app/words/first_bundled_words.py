"""What is said of the bundled run of before, whose networks are not bundled; this file goes with it."""

TITLE = "Five sibling networks, not the shipped one"
NOTE = (
    "This run is bundled with LesionLab: **five sibling networks, not the shipped one**. Each was trained on four "
    "fifths of the lesions and judged the images of the others."
)
NO_MODEL = (
    "Five sibling networks, not the shipped one: there is no model of this run, and no other run can start from it."
)
NO_HEATMAPS = (
    "No heatmaps: the five networks are not here, and the shipped one was trained on these very images, so its regions "
    "would say nothing about an image that it had not seen."
)
NO_NEIGHBOURS = (
    "No map and no neighbours: the five networks are not here, and for the shipped one, which was trained on these "
    "very images, each would be its own nearest."
)
