"""Output of differences between risk tables in the terminal, as text and as CSV."""

from __future__ import annotations

import csv
import io

import click

from webapp.zipcodes.client_diff import ClientDiff
from webapp.zipcodes.places import Places
from webapp.zipcodes.risk_table import Range, RiskTable
from webapp.zipcodes.table_diff import TableDiff, count, place_names

# Zipcodes and ranges that are listed of each kind of change; --csv has all.
MAX_LISTED = 20


def print_text(against: RiskTable | None, found: TableDiff, places: Places) -> None:
    """Print the changes of zipcodes in use with their places, and the changed ranges."""
    lines = [f"Against risk table {against.id} ({against.name}):" if against else "Against no risk table:"]
    for (before, after), zipcodes in found.groups.items():
        number = f"{len(zipcodes)} zipcode{'' if len(zipcodes) == 1 else 's'}"
        lines.append(f"{before or 'none'} → {after or 'none'}: {number} in use")
        lines += [
            f"  {zipcode} {', '.join(place_names(places, zipcode))}" for zipcode in zipcodes[:MAX_LISTED]
        ]
        if len(zipcodes) > MAX_LISTED:
            lines.append(f"  and {len(zipcodes) - MAX_LISTED} more: see diff --csv")
    lines += _ranges("Added", found.added_ranges) + _ranges("Dropped", found.dropped_ranges)
    gained, changed, lost = found.counts
    lines.append(f"Zipcodes in use: {gained} gain, {changed} change and {lost} lose a factor.")
    gained, changed, lost = count(change for change in found.changes if change.zipcode not in found.in_use)
    lines.append(f"Zipcodes not in use: {gained} gain, {changed} change and {lost} lose a factor.")
    click.echo("\n".join(lines))


def _ranges(title: str, ranges: tuple[Range, ...]) -> list[str]:
    if not ranges:
        return []
    shown = [f"{entry.first} - {entry.last} {entry.factor}" for entry in ranges[:MAX_LISTED]]
    more = f" and {len(ranges) - MAX_LISTED} more" if len(ranges) > MAX_LISTED else ""
    return [f"{title} ranges: {', '.join(shown)}{more}"]


def print_clients(found: ClientDiff) -> None:
    """Print how many clients change, with the first rows of each kind."""
    lines = [f"Clients: {found.unchanged} of {found.total} keep their factor."]
    for (before, after), rows in found.groups.items():
        shown = ", ".join(map(str, rows[:MAX_LISTED])) + (", …" if len(rows) > MAX_LISTED else "")
        lines.append(f"{before or 'none'} → {after or 'none'}: {len(rows)} clients, in row {shown}")
    lines.append(f"Without a factor, before and after: {found.without_factor}.")
    click.echo("\n".join(lines))


def print_csv(found: TableDiff, places: Places) -> None:
    """Print all changed zipcodes with their places, also those not in use."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["zipcode", "places", "from", "to", "in_use"])
    for zipcode, before, after in found.changes:
        is_used = "yes" if zipcode in found.in_use else "no"
        writer.writerow([zipcode, ", ".join(place_names(places, zipcode)), before, after, is_used])
    click.echo(text.getvalue(), nl=False)
