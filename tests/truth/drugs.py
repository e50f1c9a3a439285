"""What the true medications are: this suite's own small list, written by hand from the WHO ATC index.

name as sent -> ingredients; ingredient -> classes. A (antidepressant) S (SSRI) B (benzodiazepine) P (psychotropic) I (interacting).
"""

from __future__ import annotations

CLASSES = {
    "SERTRALINE": "ASP", "ESCITALOPRAM": "ASP", "CITALOPRAM": "ASP", "FLUOXETINE": "ASP", "PAROXETINE": "ASP",
    "VENLAFAXINE": "AP", "DULOXETINE": "AP", "MIRTAZAPINE": "AP", "BUPROPION": "AP", "QUETIAPINE": "P", "LORAZEPAM": "BP",
    "CLONAZEPAM": "BP", "OLANZAPINE": "P", "IBUPROFEN": "", "PARACETAMOL": "", "METFORMIN": "", "OMEPRAZOLE": "", "ISONIAZID": "I",
}  # fmt: skip

#: Spellings that are the thing itself: no fault.
SPELLINGS = {
    "sertraline": "SERTRALINE", "Sertraline": "SERTRALINE", "escitalopram": "ESCITALOPRAM", "citalopram": "CITALOPRAM",
    "fluoxetine": "FLUOXETINE", "paroxetine": "PAROXETINE", "venlafaxine": "VENLAFAXINE", "duloxetine": "DULOXETINE",
    "mirtazapine": "MIRTAZAPINE", "bupropion": "BUPROPION", "quetiapine": "QUETIAPINE", "ibuprofen": "IBUPROFEN",
    "paracetamol": "PARACETAMOL", "metformin": "METFORMIN", "omeprazole": "OMEPRAZOLE", "isoniazid": "ISONIAZID",
}  # fmt: skip

BRANDS = {"Zoloft": "SERTRALINE", "Prozac": "FLUOXETINE", "Lexapro": "ESCITALOPRAM", "Celexa": "CITALOPRAM", "Effexor XR": "VENLAFAXINE"}

#: No drug of the list: typing errors and names that lie between two drugs.
MISSPELT = {
    "sertaline": "SERTRALINE", "Quitiapine": "QUETIAPINE", "fluoxetin e": "FLUOXETINE", "venlafaxin3": "VENLAFAXINE",
    "mirtazapien": "MIRTAZAPINE", "parxetine": "PAROXETINE",
}  # fmt: skip
LOOKALIKES = {"citaloprm": "CITALOPRAM", "escitaloprm": "ESCITALOPRAM", "duoxetine": "DULOXETINE", "Celexbra": "CITALOPRAM"}


def flag(ingredients: tuple[str, ...], letter: str) -> bool:
    """Whether any ingredient is of the class."""
    return any(letter in CLASSES[i] for i in ingredients)
