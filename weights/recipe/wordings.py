"""How questions are worded. {n} is a noun phrase without article, {n2} a second one, {img} "image" or "picture"."""
import re

SHAPE_WORDS = {  # singular, plural
    "circle": [("circle", "circles")], "rectangle": [("rectangle", "rectangles")],
    "triangle": [("triangle", "triangles")], "star": [("star", "stars")],
    "cross": [("cross", "crosses"), ("cross", "crosses"), ("plus sign", "plus signs")],
}
SQUARE_WORDS = ("square", "squares")
ANY_WORDS = [("shape", "shapes"), ("shape", "shapes"), ("object", "objects"), ("thing", "things"),
             ("figure", "figures"), ("one", "ones")]
SPELLINGS = {"gray": "grey", "color": "colour"}
NUMBER_WORDS = [["no", "zero"], ["one", "1"], ["two", "2"], ["three", "3"], ["four", "4"], ["five", "5"]]

COLOUR = [
    "what color is the {n}", "what color is the {n}", "what is the color of the {n}", "which color is the {n}",
    "what color does the {n} have", "which color does the {n} have", "what's the color of the {n}",
    "tell me the color of the {n}", "the {n} is what color", "what is the {n} 's color", "color of the {n}",
    "what color is the {n} in the {img}", "what color is this {n}",
]
COLOUR_PLURAL = ["what color are the {n}", "which color are the {n}", "what is the color of the {n}",
                 "what color do the {n} have"]
COLOUR_SINGLE = ["what color is it", "what color is the shape", "what color is the object in the {img}",
                 "what is the color of the shape", "which color do you see", "what color is this"]
SHAPE = [
    "what is the {n}", "what shape is the {n}", "which shape is the {n}", "what is the shape of the {n}",
    "what kind of shape is the {n}", "what shape does the {n} have", "what type of shape is the {n}",
    "what is the {n} in the {img}",
]
SHAPE_BY_COLOUR = ["what shape is {c}", "which shape is {c}", "what is {c}", "what object is {c}", "which object is {c}",
                   "what in the {img} is {c}"]
SHAPE_SINGLE = [
    "what shape is in the {img}", "what shape does the {img} contain", "what shape is present", "what shape is this",
    "what is this", "what is in the {img}", "what is shown in the {img}", "which shape is this", "which shape is it",
    "what do you see", "what shape do you see", "what shape is it", "what is the shape in the {img}",
]
EXIST = [
    "is there a {n}", "is there a {n} in the {img}", "does the {img} contain a {n}", "is a {n} present",
    "is there any {n}", "does the {img} have a {n}", "can you see a {n}", "do you see a {n}",
    "does the {img} show a {n}", "is a {n} in the {img}", "is a {n} visible", "does this {img} contain a {n}",
]
EXIST_PLURAL = ["are there any {n}", "are there {n}", "are there any {n} in the {img}", "does the {img} contain {n}",
                "do you see any {n}", "can you see any {n}"]
EXIST_COLOUR = ["is there anything {c}", "is anything {c}", "is something {c} in the {img}", "is there something {c}",
                "is any shape {c}"]
ABSENT = ["does the {img} not contain a {n}", "is there not a {n}", "is there not a {n} in the {img}",
          "is no {n} present", "is there no {n}", "is there no {n} in the {img}"]
ABSENT_PLURAL = ["are there no {n}", "are there no {n} in the {img}", "does the {img} contain no {n}"]
COUNT = [
    "how many {n} are there", "how many {n} are there in the {img}", "how many {n} are in the {img}",
    "how many {n} do you see", "how many {n} can you see", "how many {n} does the {img} contain", "count the {n}",
    "what is the number of {n}", "number of {n}", "how many {n} are present", "how many {n}",
]
COUNT_COLOUR = ["how many shapes are {c}", "how many objects are {c}", "how many are {c}", "how many things are {c}"]
EXACTLY = ["are there {k} {n}", "are there exactly {k} {n}", "does the {img} contain {k} {n}",
           "do you see {k} {n}", "are there {k} {n} in the {img}"]

RELATIONS = {
    "left": ["left of", "to the left of", "on the left of", "on the left side of"],
    "right": ["right of", "to the right of", "on the right of", "on the right side of"],
    "above": ["above", "above", "over", "higher than"],
    "below": ["below", "below", "under", "beneath", "lower than", "underneath"],
}
RELATED = ["is the {n} {r} the {n2}", "is the {n} {r} the {n2}", "is the {n} located {r} the {n2}",
           "is the {n} placed {r} the {n2}"]
RELATED_EXIST = ["is there a {n} {r} the {n2}", "is a {n} {r} the {n2}", "do you see a {n} {r} the {n2}"]
RELATED_ANY = ["is there anything {r} the {n2}", "is anything {r} the {n2}", "is there something {r} the {n2}",
               "is there a shape {r} the {n2}"]
RELATED_SHAPE = ["what is {r} the {n2}", "what shape is {r} the {n2}", "which shape is {r} the {n2}",
                 "what is the shape {r} the {n2}", "what object is {r} the {n2}", "what shape is the object {r} the {n2}"]
RELATED_COLOUR = ["what color is the shape {r} the {n2}", "what color is the object {r} the {n2}",
                  "what is the color of the shape {r} the {n2}", "what is the color of the object {r} the {n2}",
                  "which color is the shape {r} the {n2}", "what color is the thing {r} the {n2}"]
RELATED_COUNT = ["how many shapes are {r} the {n2}", "how many objects are {r} the {n2}"]

WHERE = ["where is the {n}", "where is the {n}", "where is the {n} in the {img}", "where can you see the {n}",
         "in which part of the {img} is the {n}", "what is the position of the {n}"]
LEFT_OR_RIGHT = ["is the {n} on the left or on the right", "is the {n} on the left or the right",
                 "is the {n} left or right", "on which side is the {n} , left or right"]
TOP_OR_BOTTOM = ["is the {n} at the top or at the bottom", "is the {n} at the top or the bottom",
                 "is the {n} top or bottom", "is the {n} on the top or on the bottom"]
ON_SIDE = {
    "left": ["is the {n} on the left", "is the {n} on the left side", "is the {n} in the left half of the {img}"],
    "right": ["is the {n} on the right", "is the {n} on the right side", "is the {n} in the right half of the {img}"],
    "top": ["is the {n} at the top", "is the {n} in the upper half of the {img}", "is the {n} in the top half of the {img}"],
    "bottom": ["is the {n} at the bottom", "is the {n} in the lower half of the {img}",
               "is the {n} in the bottom half of the {img}"],
}

MORE = ["are there more {n} than {n2}", "are there more {n} than {n2} in the {img}", "do you see more {n} than {n2}",
        "does the {img} contain more {n} than {n2}"]
FEWER = ["are there fewer {n} than {n2}", "are there less {n} than {n2}", "do you see fewer {n} than {n2}"]
EQUAL = ["are there as many {n} as {n2}", "is the number of {n} the same as the number of {n2}",
         "are there the same number of {n} and {n2}", "are there equally many {n} and {n2}"]
BIGGER = ["is the {n} bigger than the {n2}", "is the {n} larger than the {n2}"]
SMALLER = ["is the {n} smaller than the {n2}"]
BIGGEST_SHAPE = ["what is the biggest shape", "what is the largest shape", "which shape is the biggest",
                 "which shape is the largest", "what shape is the biggest object", "what shape is the largest object"]
SMALLEST_SHAPE = ["what is the smallest shape", "which shape is the smallest", "what shape is the smallest object"]
BIGGEST_COLOUR = ["what color is the biggest shape", "what color is the largest shape",
                  "what is the color of the biggest object", "what color is the largest object"]
SMALLEST_COLOUR = ["what color is the smallest shape", "what is the color of the smallest shape",
                   "what color is the smallest object"]
SAME_COLOUR = ["are the two shapes the same color", "do the two shapes have the same color",
               "do both shapes have the same color", "are both shapes the same color"]
SAME_COLOUR_PAIR = ["do the {n} and the {n2} have the same color", "are the {n} and the {n2} the same color",
                    "is the {n} the same color as the {n2}", "does the {n} have the same color as the {n2}"]
SAME_SHAPE = ["are the two shapes the same", "do the two objects have the same shape", "are both objects the same shape",
              "are the two objects the same shape"]
ALL_SAME_COLOUR = ["are all shapes the same color", "are all the shapes the same color",
                   "do all shapes have the same color", "do all the objects have the same color"]
ALL_ARE = ["are all the shapes {n}", "are all shapes {n}", "is every shape {c}", "are all objects {n}"]


def all_words() -> list:
    """Every word of the wordings, for the vocabulary."""
    text = []

    def walk(value):
        if isinstance(value, str):
            text.append(value)
        elif isinstance(value, dict):
            for key, item in value.items():
                walk(key)
                walk(item)
        elif isinstance(value, (list, tuple)):
            for item in value:
                walk(item)

    for name, value in list(globals().items()):
        if name.isupper():
            walk(value)
    text += ["image picture a an the ? . , ! '"]
    return sorted(set(re.findall(r"[a-z0-9]+|[^a-z0-9\s]", re.sub(r"\{\w+\}", " ", " ".join(text)))))
