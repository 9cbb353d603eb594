"""Opens the product's export of a chat in a spreadsheet library, and looks for a cell that computes.

URL says where the server is: a local one that nobody has used yet.
"""

import csv
import io

import openpyxl
from local_server import MASTER, RENDITIONS, call, raw

NAME = "=cmd|' /C calc'!A0"
HOSTILE = ["=1+1", "=HYPERLINK(\"http://a.example\")", "+1+1", "-1+1", "@SUM(1,1)", "＝1+1", "＋1", "－1", "＠SUM(1)",
           "=\"a\"&\"b\"", "a,b;c\n=1+1", "\"=1+1\"", "',=1+1", "こんにちは"]
# The library takes '=' alone for a formula; spreadsheets take these, too (OWASP, "CSV Injection").
COMPUTED = tuple("=+-@\t\r＝＋－＠")


def formulas(table):
    """The cells that compute once the table is a sheet, which is written and opened again."""
    book = openpyxl.Workbook()
    for row in table:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    file.seek(0)
    cells = [cell for row in openpyxl.load_workbook(file).active for cell in row if cell.value is not None]
    return [cell.value for cell in cells if cell.data_type == "f" or str(cell.value).startswith(COMPUTED)]


def main():
    token = call("POST", "/api/login", MASTER)["token"]
    schedule = {"name": "chat", "start_datetime": "2032/01/01 12:00:00", "end_datetime": "2032/01/01 13:00:00",
                "imageflux_params": RENDITIONS}
    schedule = call("POST", "/api/schedule", schedule, token)["schedule_id"]
    raw("PATCH", "/api/user", {"user_id": 1, "name": NAME}, token)
    said = [call("POST", "/api/chat", {"schedule_id": schedule, "body": body}, token) for body in HOSTILE]
    raw("DELETE", f"/api/chat?schedule_id={schedule}&chat_id={said[0]['chat_id']}", None, token)

    export = raw("GET", f"/api/chat/export?schedule_id={schedule}&format=csv", None, token)
    assert export.startswith(b"\xef\xbb\xbf"), export[:20]
    head, *rows = csv.reader(io.StringIO(export.decode("utf-8-sig"), newline=""), strict=True)
    table = [dict(zip(head, row, strict=True)) for row in rows]
    told = [row["body"].removeprefix("'") if row["body"].startswith("'") and row["body"][1:].startswith(COMPUTED)
            else row["body"] for row in table]
    assert told == HOSTILE, told
    assert [row["deleted"] for row in table] == ["true"] + ["false"] * (len(HOSTILE) - 1), table
    assert not formulas([head, *rows]), formulas([head, *rows])
    # Without the sign that makes it text, the same table does compute: this check would notice.
    assert len(formulas([[NAME, body] for body in HOSTILE])) == len(HOSTILE) + 10, formulas([[body] for body in HOSTILE])
    print(f"openpyxl {openpyxl.__version__} opens {len(rows)} hostile messages, and no cell computes")


main()
