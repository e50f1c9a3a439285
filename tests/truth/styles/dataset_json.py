"""Denver: CDISC Dataset-JSON 1.1, one document a dataset, each with its columns and the count of its records."""

from __future__ import annotations

import json
from typing import Any

from tests.truth.styles.base import Sheet
from tests.truth.styles.parquet import Parquet, as_column

TYPES = {str: "string", int: "integer", float: "double", bool: "boolean"}


class DatasetJson(Parquet):
    """The data frames of the Parquet style, handed over as the regulators' exchange format."""

    name, zone = "dataset_json", "America/Denver"
    yaml = Parquet.yaml.replace(".parquet", ".json").replace("America/Chicago", "America/Denver").replace(
        "defaults: {clock: offset}", "defaults: {clock: offset, format: dataset_json}"
    )

    def sheets(self, site):
        return {name.replace(".parquet", ".json"): sheet for name, sheet in super().sheets(site).items()}

    def files(self, sheets: dict[str, Sheet]) -> dict[str, bytes]:
        """Numbers stay numbers, dates are ISO 8601 texts."""
        out = {}
        for name, sheet in sheets.items():
            columns = [as_column([r[n] for r in sheet.rows]) for n in range(len(sheet.columns))]
            plain = [[v.isoformat() if hasattr(v, "isoformat") else v for v in column] for column in columns]
            described = [
                {"itemOID": f"IT.{c}", "name": c, "label": c, "dataType": _type(values)}
                for c, values in zip(sheet.columns, plain, strict=True)
            ]
            stem = name.removesuffix(".json").upper()
            document = {
                "datasetJSONCreationDateTime": "2025-06-01T02:00:00", "datasetJSONVersion": "1.1.0", "itemGroupOID": f"IG.{stem}",
                "records": len(sheet.rows), "name": stem, "label": stem, "columns": described,
                "rows": [list(row) for row in zip(*plain, strict=True)],
            }  # fmt: skip
            out[name] = json.dumps(document).encode()
        return out


def _type(values: list[Any]) -> str:
    kinds = {type(v) for v in values if v is not None}
    return "double" if kinds == {int, float} else TYPES[next(iter(kinds))] if len(kinds) == 1 else "string"
