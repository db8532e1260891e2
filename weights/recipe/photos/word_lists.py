"""Words that captions use, sorted by hand: who, what is done, where, things and what goes along with them."""
from photos.captions import IRREGULAR

NUMERALS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "2": 2, "3": 3, "4": 4}
CROWDS = set("crowd group team audience spectators people family band others crew class parade many several players teammates "
             "fans pedestrians bystanders lots everyone together teams onlookers shoppers".split()) - {"people", "together", "players"}
WHO = {
    "man": set("man guy gentleman male fireman policeman cowboy groom father businessman".split()),
    "woman": set("woman lady female bride mother".split()),
    "boy": {"boy"},
    "girl": {"girl"},
    "child": set("child kid toddler baby infant".split()),
    "person": set("""person people adult player skateboarder snowboarder skier surfer biker bicyclist cyclist rider climber
        hiker swimmer runner dancer singer worker couple someone individual teenager teen youth motorcyclist performer musician
        wakeboarder skater officer racer student tourist goalie diver golfer gymnast jogger kayaker wrestler driver friend
        photographer clown soldier athlete pitcher batter rollerblader guitarist cheerleader fisherman""".split()),
}
GERUNDS = {  # action: verbs
    "running": "run jog sprint race", "jumping": "jump leap hop", "walking": "walk stroll hike", "sitting": "sit",
    "standing": "stand", "playing": "play", "swimming": "swim", "riding": "ride", "climbing": "climb", "skiing": "ski",
    "snowboarding": "snowboard", "skateboarding": "skateboard", "surfing": "surf", "eating": "eat", "drinking": "drink",
    "sleeping": "sleep nap", "dancing": "dance", "singing": "sing", "reading": "read", "talking": "talk chat speak",
    "smiling": "smile", "laughing": "laugh", "kicking": "kick", "throwing": "throw", "fighting": "fight",
    "wrestling": "wrestle", "digging": "dig", "sliding": "slide", "swinging": "swing", "painting": "paint", "fishing": "fish",
    "sledding": "sled", "skating": "skate", "splashing": "splash", "posing": "pose", "chasing": "chase", "diving": "dive",
    "kissing": "kiss", "hugging": "hug", "cooking": "cook", "waiting": "wait", "paddling": "paddle row kayak canoe",
    "flying": "fly", "barking": "bark", "licking": "lick", "lying": "lie lay", "pushing": "push", "pulling": "pull",
    "crawling": "crawl", "falling": "fall", "smoking": "smoke", "writing": "write", "shopping": "shop", "driving": "drive",
    "crying": "cry", "biting": "bite", "kneeling": "kneel", "performing": "perform", "rollerblading": "rollerblade",
    "catching": "catch", "working": "work", "waving": "wave", "blowing": "blow", "wading": "wade", "shaking": "shake",
    "sewing": "sew", "juggling": "juggle", "celebrating": "celebrate", "camping": "camp", "boxing": "box",
}
NOUNS_TOO = {"ski", "snowboard", "skateboard", "surf", "drink", "paint", "fish", "sled", "skate", "paddle", "row", "kayak", "canoe",
             "fly", "lay", "shop", "wave", "box", "camp", "pose", "cook", "swing", "slide", "hike", "race", "dance", "play", "smile",
             "work", "fall", "smoke", "kiss", "dive", "bark", "run", "jump", "bite", "fight", "lie", "hop"}
AMBIGUOUS_VERBS = set("a the an his her its their of in on to with for at dog ski snow ice roller wooden tire rope red big "
                      "high long water".split())


def gerund(verb: str) -> str:
    """run: running, ride: riding, climb: climbing."""
    if verb == "lie":
        return "lying"
    if verb.endswith("e") and not verb.endswith("ee"):
        return verb[:-1] + "ing"
    doubled = len(verb) < 6 and verb[-1] in "bgmnpt" and verb[-2] in "aeiou" and verb[-3] not in "aeiou"
    return verb + (verb[-1] if doubled else "") + "ing"


ACTIONS = {}  # word: (action, form)
for _action, _verbs in GERUNDS.items():
    for _verb in _verbs.split():
        ACTIONS[gerund(_verb)] = (_action, "ing")
        if _verb not in ("ski", "snowboard", "skateboard", "surf", "wave", "box", "camp", "paint", "drink", "lay", "shop", "row"):
            ACTIONS[_verb + ("es" if _verb.endswith(("s", "ch", "sh", "x")) else "s")] = (_action, "s")
        if _verb not in NOUNS_TOO:
            ACTIONS[_verb] = (_action, "base")
ACTIONS.update({w: ("running", "base") for w in ("ran", "run")}, plays=("playing", "s"), jump=("jumping", "base"),
               play=("playing", "base"), sits=("sitting", "s"), laying=("lying", "ing"), lies=("lying", "s"))
# actions that may go on together with others; with all others
UNSURE = {
    "running": "jumping chasing kicking throwing", "walking": "standing pushing pulling wading shopping",
    "jumping": "running skateboarding riding snowboarding skiing diving flying dancing kicking swinging splashing",
    "sitting": "eating drinking reading swinging riding smoking sleeping fishing driving paddling kneeling writing standing",
    "standing": "walking eating drinking fishing smoking kissing hugging painting reading throwing climbing",
    "riding": "jumping sitting surfing skateboarding driving swinging sliding", "climbing": "standing walking",
    "playing": "running jumping kicking swinging sliding splashing swimming throwing digging chasing standing fighting "
               "wrestling biting sitting climbing",
}
ALWAYS_UNSURE = {"playing", "performing", "working", "smiling", "laughing", "talking", "waiting", "posing", "catching"}

PLACES = {
    "beach": {"beach", "shore", "seashore"}, "grass": {"grass", "grassy", "lawn"}, "snow": {"snow", "snowy"},
    "water": {"water", "ocean", "lake", "river", "sea", "stream", "pond", "wave"}, "pool": {"pool"},
    "street": {"street", "road", "sidewalk", "crosswalk"}, "field": {"field", "meadow"}, "park": {"park", "playground"},
    "mountain": {"mountain", "cliff", "hill"}, "forest": {"forest", "wood", "woods", "wooded"}, "desert": {"desert", "dune"},
    "restaurant": {"restaurant", "cafe"}, "kitchen": {"kitchen"}, "stage": {"stage", "onstage"},
    "subway": {"subway"}, "store": {"store", "market", "shop"}, "dirt": {"dirt", "muddy", "mud"}, "sand": {"sand", "sandy"},
    "bench": {"bench"}, "couch": {"couch", "sofa"}, "bed": {"bed"}, "bridge": {"bridge"}, "boat": {"boat", "canoe", "raft", "kayak"},
    "trampoline": {"trampoline"}, "bathtub": {"bathtub"}, "ice": {"ice", "rink"},
}
SPORTS = {
    "soccer": {"soccer"}, "football": {"football"}, "basketball": {"basketball"}, "tennis": {"tennis"},
    "baseball": {"baseball", "softball"}, "hockey": {"hockey"}, "volleyball": {"volleyball"}, "rugby": {"rugby"},
    "skateboarding": {"skateboard", "skateboarder", "skateboarding"}, "surfing": {"surfer", "surfing", "surfboard", "surf"},
    "skiing": {"skier", "skiing", "ski", "skis"}, "snowboarding": {"snowboard", "snowboarder", "snowboarding"},
    "climbing": {"climber", "climbing"}, "cycling": {"bicyclist", "cyclist", "biker"}, "swimming": {"swimmer", "swimming"},
    "golf": {"golf", "golfer"}, "wrestling": {"wrestler", "wrestling"}, "gymnastics": {"gymnast", "gymnastics"},
    "kayaking": {"kayak", "kayaker", "kayaking"}, "motocross": {"motocross"}, "frisbee": {"frisbee"},
}
COLOURS = {c: c for c in "black white red brown blue yellow green orange pink purple gray tan".split()} | {"grey": "gray"}

# a thing: the words that say that it is there
THINGS = {
    "dog": set("dog puppy poodle greyhound retriever labrador terrier collie beagle husky bulldog dachshund pup".split()),
    "man": WHO["man"], "woman": WHO["woman"], "boy": WHO["boy"], "girl": WHO["girl"], "child": WHO["child"] | {"boy", "girl"},
    "ball": set("ball football basketball baseball softball volleyball".split()), "bicycle": {"bike", "bicycle"},
    "horse": {"horse"}, "car": {"car", "jeep"}, "cat": {"cat", "kitten"}, "bird": {"bird", "duck", "seagull", "pigeon", "swan", "goose"},
    "snow": {"snow", "snowy"}, "water": {"water", "ocean", "lake", "river", "sea", "pool", "pond"}, "grass": {"grass", "grassy", "lawn"},
    "beach": {"beach", "seashore"}, "mountain": {"mountain"}, "tree": {"tree", "forest", "wood"}, "rock": {"rock", "boulder", "rocky"},
    "skateboard": {"skateboard"}, "snowboard": {"snowboard"}, "surfboard": {"surfboard", "surfer"}, "guitar": {"guitar"},
    "boat": {"boat", "canoe", "kayak", "raft", "rowboat"}, "bench": {"bench"}, "helmet": {"helmet"}, "hat": {"hat", "cap"},
    "sunglasses": {"sunglasses"}, "fence": {"fence"}, "table": {"table"}, "frisbee": {"frisbee"}, "motorcycle": {"motorcycle"},
    "tent": {"tent"}, "umbrella": {"umbrella"}, "bus": {"bus"}, "train": {"train"}, "truck": {"truck"},
    "stick": {"stick"}, "trampoline": {"trampoline"}, "bed": {"bed"},
    "couch": {"couch", "sofa"}, "street": {"street", "road"}, "sand": {"sand", "sandy", "beach"}, "bridge": {"bridge"},
    "pool": {"pool"}, "ocean": {"ocean", "sea"}, "crowd": {"crowd", "audience"},
    "building": {"building", "house"}, "flag": {"flag"}, "flower": {"flower"}, "toy": {"toy"}, "cow": {"cow", "bull"}, "sheep": {"sheep"},
}
PERSON_WORDS = set().union(*WHO.values()) | CROWDS | set("he she his her him him they their adult adults men women".split())
OUTDOOR_LAND = set("field park yard backyard outside outdoors hill trail path forest wood garden meadow countryside farm".split())
# words that leave it open whether the thing is there too
PERHAPS = {
    "dog": {"animal", "pet"}, "cat": {"animal", "pet", "kitty"}, "horse": {"animal", "jockey", "pony", "rodeo", "carriage", "bronco"},
    "bird": {"animal", "beach", "park", "flock", "pond", "lake"}, "cow": {"animal", "rodeo", "farm", "cattle"},
    "sheep": {"animal", "farm", "herd"},
    "man": PERSON_WORDS - WHO["girl"] - WHO["boy"] - WHO["woman"] - WHO["child"] - {"she", "her"},
    "woman": PERSON_WORDS - WHO["girl"] - WHO["boy"] - WHO["man"] - WHO["child"] - {"he", "his", "him"},
    "boy": PERSON_WORDS - WHO["man"] - WHO["woman"] - WHO["girl"] - {"she", "her"},
    "girl": PERSON_WORDS - WHO["man"] - WHO["woman"] - WHO["boy"] - {"he", "his", "him"},
    "child": PERSON_WORDS - WHO["man"] - WHO["woman"] - {"he", "his", "she", "her", "him"},
    "ball": {"soccer", "tennis", "player", "game", "toy", "rugby", "cricket", "golf", "play", "playing", "sport", "catch", "fetch"},
    "bicycle": {"cyclist", "bicyclist", "biker", "rider", "bmx", "cycle", "street", "city", "race", "tricycle", "unicycle"},
    "car": {"street", "road", "city", "race", "vehicle", "traffic", "parking", "truck", "track", "sidewalk", "van", "taxi", "suv"},
    "snow": {"ice", "winter", "ski", "skis", "skier", "snowboarder", "snowboard", "mountain", "sled", "snowball", "icy", "frozen", "cold"},
    "water": {"beach", "wave", "surfer", "surf", "boat", "swim", "wet", "swimming", "stream", "splash", "creek", "fountain", "waterfall",
              "kayak", "canoe", "raft", "shore", "dock", "puddle", "wading", "rapids", "sprinkler", "hose", "bath", "fishing",
              "diving", "underwater", "bay", "harbor", "coast", "pier", "sprinklers", "surfing", "splashing", "ski", "wakeboard"},
    "grass": OUTDOOR_LAND | {"soccer", "football", "baseball", "green", "golf", "horse", "sheep", "race", "hay", "leaf", "tree", "ground"},
    "beach": {"sand", "ocean", "water", "shore", "sea", "surf", "wave", "sandy", "coast", "surfer"},
    "mountain": {"hill", "cliff", "rock", "snow", "ski", "skier", "climber", "hiker", "climbing", "hiking", "peak", "canyon", "rocky",
                 "snowboarder", "landscape", "skiing", "slope"},
    "tree": OUTDOOR_LAND | {"grass", "street", "snow", "mountain", "log", "branch", "leaf", "bench", "river", "lake", "woods", "wooded",
                            "jungle", "palm", "swing", "road", "bush"},
    "rock": {"stone", "cliff", "mountain", "climber", "climbing", "river", "beach", "gravel", "hill", "canyon", "stream", "water"},
    "skateboard": {"skateboarder", "skateboarding", "skater", "ramp", "skate"}, "snowboard": {"snowboarder", "snowboarding", "snow"},
    "surfboard": {"surf", "surfing", "wave", "board", "bodyboard"}, "guitar": {"band", "music", "instrument", "musician", "concert",
                                                                            "perform", "performing", "stage", "guitarist"},
    "boat": {"water", "lake", "ocean", "river", "dock", "sea", "ship", "pier", "sail", "harbor", "paddle", "vessel", "rafting"},
    "bench": {"sit", "sitting", "sits", "park", "seat", "street"}, "fence": {"yard", "park", "field", "horse", "gate", "baseball",
                                                                            "tennis", "obstacle", "hurdle", "rail", "dog", "wall"},
    "helmet": {"bike", "bicycle", "biker", "cyclist", "motorcycle", "hockey", "football", "baseball", "skateboarder", "climber", "kayak",
               "rider", "motorcyclist", "skier", "snowboarder", "race", "racer", "bmx", "atv", "gear", "skateboard", "player", "skate"},
    "hat": PERSON_WORDS, "sunglasses": PERSON_WORDS, "toy": {"ball", "frisbee", "play", "playing", "child", "baby",
                                                                                  "doll", "stuffed", "kid", "toddler", "dog"},
    "table": {"restaurant", "kitchen", "eat", "eating", "room", "food", "cafe", "drink", "bar", "dinner", "sit", "sitting", "cook", "desk"},
    "frisbee": {"disc", "disk", "toy", "catch"}, "motorcycle": {"biker", "bike", "motorbike", "motocross", "rider", "dirtbike", "motorcyclist"},
    "tent": {"camp", "camping", "market", "campfire"}, "umbrella": {"rain", "beach"}, "bus": {"street", "city", "traffic", "vehicle"},
    "train": {"subway", "station", "track", "railroad"}, "truck": {"street", "vehicle", "road", "car", "traffic", "construction"},
    "stick": {"branch", "hockey", "wood", "log", "pole", "mouth", "tree", "bat"},
    "trampoline": {"jump", "bounce", "bouncing", "jumping"},
    "bed": {"sleep", "sleeping", "room", "blanket", "pillow"}, "couch": {"sit", "room", "chair", "sitting", "inside"},
    "street": {"city", "sidewalk", "car", "bike", "bicycle", "pavement", "crosswalk", "building", "traffic", "path", "parade", "walk",
               "walking", "race", "market", "outside", "bus"},
    "sand": {"desert", "dune", "shore", "ocean", "dirt", "volleyball", "sandbox", "playground", "sea", "water"},
    "bridge": {"river", "water", "overpass", "railing"}, "pool": {"swim", "swimming", "swimmer", "water", "diving", "bikini", "bathing"},
    "ocean": {"water", "beach", "wave", "surfer", "lake", "shore", "sand", "coast", "boat", "surf", "bay"},
    "crowd": {"people", "group", "spectators", "parade", "team", "fans", "many", "street", "city", "stage", "concert", "others", "player"},
    "building": {"city", "street", "store", "wall", "church", "shop", "town", "outside", "window", "sidewalk", "brick", "barn", "door", "porch"},
    "flag": {"parade", "banner", "stadium", "protest"}, "flower": {"garden", "plant", "dress", "floral", "field", "bouquet", "wedding",
                                                                "bride", "tulip", "meadow", "lei"},
}
RIDDEN = {"bike": "bicycle", "bicycle": "bicycle", "horse": "horse", "motorcycle": "motorcycle", "skateboard": "skateboard",
          "wave": "wave", "scooter": "scooter", "unicycle": "unicycle", "bull": "bull", "snowboard": "snowboard", "camel": "camel",
          "surfboard": "surfboard", "swing": "swing", "atv": "atv", "sled": "sled", "raft": "raft", "train": "train", "bus": "bus",
          "elephant": "elephant", "tricycle": "tricycle", "carousel": "carousel"}
HELD = {word: word for word in """camera ball stick sign baby child guitar umbrella flag cup book bottle microphone rope toy frisbee bag
    drink beer football basketball surfboard skateboard phone dog cat bird flower fish cigarette bat racket gun baseball snowboard
    balloon purse newspaper hand pole tennis oar paddle backpack bucket box sword hose leash cellphone""".split()} | {
        "drink": "drink", "cellphone": "phone", "bicycle": "bicycle", "bike": "bicycle", "tennis": "tennis racket"}
CLOTHES = {word: word for word in """shirt jacket hat dress helmet coat suit uniform vest costume skirt sweater jersey cap scarf
    swimsuit bikini jeans shorts pants sunglasses glasses goggles backpack sweatshirt apron wetsuit harness mask robe tie headband
    hoodie boots gloves""".split()}
AS_PLURAL = {"jeans", "shorts", "pants", "sunglasses", "glasses", "goggles", "boots", "gloves"}


def singular(word: str):
    """The noun in the singular, and whether it was a plural."""
    if word in AS_PLURAL or word in ("bus", "grass", "dress", "tennis", "atv", "people", "cross", "this", "his", "its"):
        return word, word == "people"
    if word in ("men", "women", "children", "babies", "ladies", "geese", "puppies"):
        return IRREGULAR[word], True
    if word.endswith(("sses", "ches", "shes", "xes")):
        return word[:-2], True
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y", True
    if word.endswith("s") and not word.endswith("ss") and len(word) > 3:
        return word[:-1], True
    return word, False
