"""MariaDB's and MySQL's types, by the codes that their drivers use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from shared.data_quality.conversion import convertible
from shared.data_quality.fields import Field
from shared.databases.address import FLOAT
from shared.errors import InputError

if TYPE_CHECKING:
    from ingress.readers.sql.declaration import Declaration

TIMESTAMP, BIT = 7, 16
TINY = 1
WHOLE = {1: "tinyint", 2: "smallint", 3: "int", 8: "bigint", 9: "mediumint", 13: "year", BIT: "bit"}
TYPES: Mapping[int, tuple[str, pa.DataType]] = {
    **{code: (name, pa.int64()) for code, name in WHOLE.items()},
    FLOAT: ("float", pa.float64()),
    5: ("double", pa.float64()),
    0: ("decimal", pa.decimal256(65, 30)),
    246: ("decimal", pa.decimal256(65, 30)),
    10: ("date", pa.date32()),
    14: ("date", pa.date32()),
    TIMESTAMP: ("timestamp", pa.timestamp("us", "UTC")),
    12: ("datetime", pa.timestamp("us")),
    11: ("time", pa.duration("us")),
    255: ("geometry", pa.binary()),
}


def refuse_types(codes: Mapping[str, int], fields: Sequence[Field], reader: Declaration) -> None:
    """Refuse a column whose type cannot become the field's: texts, of any code but these, become texts alone.

    Raises:
        InputError: There is one; the message names it.
    """
    for field in fields:
        if field.name not in codes:
            continue
        name, found = TYPES.get(codes[field.name], ("text", pa.string()))
        truth = field.kind is bool and codes[field.name] in (TINY, BIT)
        moment = found == pa.timestamp("us") and field.arrow_type == pa.timestamp("us", "UTC")
        if moment and reader.zone is None:
            raise InputError(
                f"times without a zone in `{reader.origin}`, column `{field.name}`: `datetime`",
                hint="say in the source's module of which zone they are, as `zone='UTC'`, "
                "or have `datetime` in the row model",
            )
        if not (truth or moment or convertible(found, field)):
            raise InputError(
                f"wrong type in `{reader.origin}`, column `{field.name}`: `{name}`",
                hint=f"the row model has `{field.kind.__name__}`: correct it, or have the column changed",
            )
