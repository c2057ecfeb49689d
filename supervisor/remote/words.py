"""A fingerprint as words that two people, or one person with two screens, can compare."""

_TEXT = """
acid acorn actor agent alarm album alley amber angle ankle apple apron arena armor arrow atlas attic audio
autumn axle bacon badge bagel baker banjo barrel basil basket beach beard beaver berry bicycle bishop
blanket blossom bonus border bottle boulder bracket branch bread brick bridge broom bubble bucket bunker
butter button cabin cactus camel camera candle canoe canyon carbon cargo carpet castle cedar celery cello
cement census chalk cherry chess circle circus citrus clay clover cobalt cobra comet copper coral cotton
cougar cradle crater cricket crystal dagger daisy dance debris denim desert diesel dinner doctor dolphin
donkey dragon drum eagle earth easel echo editor elbow elder ember empire engine envoy equal escape fabric
falcon family farmer feather ferry fiddle fifty flame flute forest fossil fox frost fudge funnel gadget
galaxy garden garlic gazelle gentle giant ginger glacier globe goblet gospel granite gravel guitar gutter
habit hammer harbor hazel helmet hermit hockey honey hornet hotel hunter iceberg igloo index infant insect
iron island ivory jacket jaguar jasmine jelly jewel jigsaw jockey juggler jungle junior kayak kennel
kernel ketchup kettle kitten koala ladder lagoon lantern laptop lemon leopard lilac linen lizard lobster
locket lotus magnet mammal mango marble meadow melon mentor mirror mitten monkey mosaic museum mustard
napkin nectar needle nickel nougat novel nugget oasis ocean office olive onion opera orbit orchid otter
oxygen oyster paddle palace panda paper parrot pasta peanut pepper piano pigeon pilot pirate planet pocket
poem pollen powder puzzle quartz quiver rabbit radar raven ribbon river robot rocket saddle salmon sandal
silver spider tulip
"""

#: 256 short words, each of its own sound; the place of a word is the byte that it stands for.
WORDS = tuple(_TEXT.split())


def words(fingerprint: bytes, count: int = 8) -> str:
    """The first *count* bytes of a fingerprint, each as a word."""
    return " ".join(WORDS[byte] for byte in fingerprint[:count])
