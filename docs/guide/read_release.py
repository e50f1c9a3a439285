"""Read a set of a trialweave release, proven by its hashes and with its labels. Copy this file beside your script; it needs nothing of
trialweave, only pyarrow, and pandas or polars.

    from read_release import read_set

    adex = read_set("data/releases/latest", "adex")              # pandas; adex.attrs["labels"]["TIMCAT"]
    adex, about = read_set("data/releases/latest", "adex", library="polars")

Every file is hashed before it is believed: what differs from the release's manifest.json, or is not in it, is an error.
Command line:  python read_release.py data/releases/latest        lists the sets and proves every file
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter
from io import BytesIO
from pathlib import Path


class NotAsPublished(Exception):
    """A file of the release is missing, changed or not in its manifest."""


def manifest_of(release):
    """The release's manifest.json as a dict."""
    return json.loads((Path(release) / "manifest.json").read_text(encoding="utf-8"))


def proven(release, dataset):
    """Path and bytes of every file of a set, in order; raises NotAsPublished for the first that is not as the manifest says."""
    folder = Path(release).resolve()
    listed = {f["path"]: f["sha256"] for f in manifest_of(folder)["files"] if f["dataset"] == dataset}
    if not listed:
        raise NotAsPublished(f"the release has no set {dataset}")
    there = {p.relative_to(folder).as_posix() for p in [*folder.glob(f"{dataset}.*"), *(folder / dataset).rglob("*.parquet")]}
    if there != set(listed):
        raise NotAsPublished(f"{dataset}: {len(there ^ set(listed))} files are missing or not in the manifest")
    for path in sorted(listed):
        content = (folder / path).read_bytes()
        if hashlib.sha256(content).hexdigest() != listed[path]:
            raise NotAsPublished(f"{path} is not as it was published")
        yield path, content


def read_set(release, dataset, columns=None, library="pandas"):
    """A whole set. pandas: a frame whose `attrs` hold labels, units, codes and meanings; polars: the frame and those as a dict.

    `columns`: only these. Integers with gaps stay integers (pandas Int32, Int64), dates stay dates, instants are in UTC.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    found = [content for path, content in proven(release, dataset) if path.endswith(".parquet")]
    table = pa.concat_tables([pq.read_table(BytesIO(content), columns=columns) for content in found])
    about = {
        kind + "s": {field.name: text for field in table.schema if (text := _told(field, kind))}
        for kind in ("label", "unit", "code", "meaning")
    }
    if library == "polars":
        import polars

        return polars.from_arrow(table), about
    import pandas

    whole = {pa.int32(): pandas.Int32Dtype(), pa.int64(): pandas.Int64Dtype()}
    frame = table.to_pandas(types_mapper=whole.get)
    frame.attrs.update(about)
    return frame


def _told(field, kind):
    """A fact of a column from the Parquet field metadata; codes as a list."""
    told = field.metadata or {}
    text = told.get(b"codes" if kind == "code" else kind.encode(), b"").decode()
    return text.split() if kind == "code" else text


def main(release):
    """Prove every file and list the sets."""
    for dataset, n in sorted(Counter(f["dataset"] for f in manifest_of(release)["files"]).items()):
        rows = sum(f["rows"] for f in manifest_of(release)["files"] if f["dataset"] == dataset)
        if sum(1 for _ in proven(release, dataset)) == n:
            sys.stdout.write(f"{dataset:10s} {n:5d} files {rows:9d} rows, as published\n")


if __name__ == "__main__":
    main(sys.argv[1])
