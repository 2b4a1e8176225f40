"""What entities are declared from: ways to compare, rules of which pairs to compare, and which value survives.

Each means the same on every engine. `Own` takes a comparison of Splink's.
"""

from entity_resolution.kinds.base import Block, Comparison, Form
from entity_resolution.kinds.blocks import RareWords, Same, Swapped, rare_words, same, same_rare_words, swapped
from entity_resolution.kinds.comparisons import (
    Address,
    Category,
    Date,
    Identifier,
    Items,
    Name,
    Number,
    Own,
    Place,
    Quantity,
)
from entity_resolution.kinds.names import english
from entity_resolution.kinds.survivorship import (
    FirstSource,
    Longest,
    MostFrequent,
    MostRecent,
    OneRecord,
    Survivor,
    Valid,
)
from entity_resolution.kinds.texts import Codes, Words

__all__ = [
    "Address",
    "Block",
    "Category",
    "Codes",
    "Comparison",
    "Date",
    "FirstSource",
    "Form",
    "Identifier",
    "Items",
    "Longest",
    "MostFrequent",
    "MostRecent",
    "Name",
    "Number",
    "OneRecord",
    "Own",
    "Place",
    "Quantity",
    "RareWords",
    "Same",
    "Survivor",
    "Swapped",
    "Valid",
    "Words",
    "english",
    "rare_words",
    "same",
    "same_rare_words",
    "swapped",
]
