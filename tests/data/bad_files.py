"""Invalid risk table files, each with the error message."""

from __future__ import annotations

BAD_FILES: dict[str, tuple[bytes, str]] = {
    "two ranges overlap and the later one comes first": (
        b"1300 - 1320,A\n1000 - 1310,C\n",
        "risk_table.csv, row 2: zipcode 1300 is already in row 1",
    ),
    "two ranges share one zipcode": (
        b"1000 - 1310,C\n2000,A\n1310 - 1320,C\n",
        "risk_table.csv, row 3: zipcode 1310 is already in row 1",
    ),
    "a zipcode appears twice, after a blank row": (
        b"9000,A\n\n9000,A\n",
        "risk_table.csv, row 3: zipcode 9000 is already in row 1",
    ),
    "a range runs backwards": (
        b"1000,A\n1310 - 1300,C\n",
        "risk_table.csv, row 2: the range runs backwards, from 1310 to 1300",
    ),
    "a zipcode is below 1000": (b"0999,A\n", "risk_table.csv, row 1: zipcodes go from 1000 to 9999"),
    "a zipcode has five digits": (
        b"9000,A\n10000,A\n",
        "risk_table.csv, row 2: '10000' is not a zipcode or a range such as 1000 - 1310",
    ),
    "there is a row with unknown column names": (
        b"area,factor\n9000,A\n",
        "risk_table.csv, row 1: the header must name one column of zipcodes and one of factors, "
        "such as zipcode;factor",
    ),
    "a list ends within a row": (
        b"zipcode;client;factor\n9000;x;A\n9001\n",
        "risk_table.csv, row 3: has only 1 fields, without a factor and a zipcode",
    ),
    "the digits are not those of ASCII": (
        "٩٠٠٠,A\n".encode(),
        "risk_table.csv, row 1: '٩٠٠٠' is not a zipcode or a range such as 1000 - 1310",
    ),
    "a factor is unknown": (
        b"1000,A\n1310,D\n",
        "risk_table.csv, row 2: the factor is 'D', but must be A, B or C",
    ),
    "a factor is in lower case": (
        b"1000,a\n",
        "risk_table.csv, row 1: the factor is 'a', but must be A, B or C",
    ),
    "a factor contains a line end": (
        b'1000,"A\nB"\n',
        "risk_table.csv, row 1: the factor is 'A\\nB', but must be A, B or C",
    ),
    "a row has three fields": (
        b"1000,A\n1310,B,C\n",
        "risk_table.csv, row 2: must have 2 fields, zipcodes and factor, but has 3",
    ),
    "a row has one field": (
        b"1000\n",
        "risk_table.csv, row 1: must have 2 fields, zipcodes and factor, but has 1",
    ),
    "it is not UTF-8": (
        b"1000,A\n1310,\xe9\n",
        "risk_table.csv, row 2: the factor is 'é', but must be A, B or C",
    ),
    "a quote is never closed": (
        b'1000,A\n"1310,B\n1315,C\n',
        "risk_table.csv, row 2: is not CSV (unexpected end of data)",
    ),
    "a NUL is in it": (b"1000,A\n1310,B\n13\x0015,C\n", "risk_table.csv, row 3: holds a NUL character"),
    "it is empty": (b"", "risk_table.csv: contains no ranges"),
    "it has a byte order mark, whitespace and blank rows only": (
        b"\xef\xbb\xbf\r\n \r\n,\r\n",
        "risk_table.csv: contains no ranges",
    ),
}
