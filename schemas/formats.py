"""The formats a site's files can be read in, by the names that a site's file may give in `format`.

What belongs here: names. What does not: endings, contents and reading (flows/readers/formats.py has the same names; a test compares them).
"""

from __future__ import annotations

from enum import StrEnum


class FileFormat(StrEnum):
    """Name of a reader."""

    DELIMITED = "delimited"
    REDCAP = "redcap"
    QUALTRICS = "qualtrics"
    NDA = "nda"
    RAVE = "rave"
    VIEDOC = "viedoc"
    CASTOR = "castor"
    OPENCLINICA = "openclinica"
    XLSX = "xlsx"
    XLS = "xls"
    XLSB = "xlsb"
    ODS = "ods"
    XPT = "xpt"
    SAS7BDAT = "sas7bdat"
    SAV = "sav"
    DTA = "dta"
    ODM = "odm"
    JSON = "json"
    DATASET_JSON = "dataset_json"
    ZIP = "zip"
    GZIP = "gzip"
    PARQUET = "parquet"
    ARROW = "arrow"


class ValueLabels(StrEnum):
    """What becomes of a coded column whose file holds labels: the code as it is, its label instead, or its label beside it."""

    CODES = "codes"
    TEXT = "text"
    BESIDE = "beside"


class UserMissing(StrEnum):
    """What becomes of a code that a file itself declares missing (SPSS, Stata .a, SAS .A, Castor): a blank cell, or the code."""

    BLANK = "blank"
    KEEP = "keep"
