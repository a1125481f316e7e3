"""Tables, as aligned text or as markdown; no knowledge of what stands in them."""
import dataclasses


@dataclasses.dataclass
class Table:
    title: str
    columns: list
    rows: list            # of lists of texts
    note: str = ""

    def text(self):
        widths = [max(len(str(row[k])) for row in [self.columns, *self.rows])
                  for k in range(len(self.columns))]
        left = [k == 0 or all(not is_number(row[k]) for row in self.rows)
                for k in range(len(self.columns))]
        lines = [self.title]
        for row in [self.columns, *self.rows]:
            cells = [cell.ljust(w) if to_left else cell.rjust(w)
                     for cell, w, to_left in zip(row, widths, left)]
            lines.append(("  " + "  ".join(cells)).rstrip())
        if self.note:
            lines.append("  " + self.note)
        return "\n".join(lines) + "\n"

    def markdown(self):
        lines = [f"**{self.title}**", "", "| " + " | ".join(self.columns) + " |",
                 "|" + "---|" * len(self.columns)]
        lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
                  for row in self.rows]
        if self.note:
            lines += ["", self.note]
        return "\n".join(lines) + "\n"


def is_number(cell):
    return not cell or cell[0].isdigit() or cell[0] in "-+" or cell.startswith(("≤", "≥"))


def number(value):
    """Three digits that count."""
    if value is None:
        return ""
    size = abs(value)
    if size >= 99.95:
        return f"{value:,.0f}"
    return f"{value:.{1 if size >= 9.995 else 2 if size >= 0.1 else 3}f}"


def spread(figure):
    """The median alone is half the truth."""
    if not figure:
        return ""
    if figure["n"] < 2:
        return number(figure["median"])
    return f"{number(figure['median'])} ({number(figure['least'])} … {number(figure['most'])})"
