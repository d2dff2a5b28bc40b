"""Files that people open in a spreadsheet."""

STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # in the programs people open such files with


def harmless(cell: str) -> str:
    """The cell as text: a spreadsheet must not take it for a formula."""
    return f"'{cell}" if cell.startswith(STARTS_A_FORMULA) else cell
