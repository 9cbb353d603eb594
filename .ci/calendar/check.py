"""Reads the product's calendar feed as a calendar program does, with a parser that knows nothing of the product.

URL says where the server is: a local one that nobody has used yet.
"""

import datetime
import urllib.request
from zoneinfo import ZoneInfo

import icalendar
from local_server import MASTER, RENDITIONS, call

# Every sign that the format gives a meaning to, in names that need one line or several.
NAMES = ["a, b; c\\d: \"e\"", "\\n \\, \\; \\\\", "あ" * 30, "𠮟" * 30, "é" * 30, "BEGIN:VEVENT", "👨‍👩‍👧‍👦 家族", ", " * 14 + ";"]
# The same moment on three clocks: Japan and UTC have no summer time, New York has, and moves in between.
CLOCKS = {
    "2030/03/10 15:30:00": ("2030-03-10 15:30", "2030-03-10 06:30", "2030-03-10 01:30"),
    "2030/03/10 16:30:00": ("2030-03-10 16:30", "2030-03-10 07:30", "2030-03-10 03:30"),
    "2031/01/01 00:30:00": ("2031-01-01 00:30", "2030-12-31 15:30", "2030-12-31 10:30"),
}
PLACES = [ZoneInfo("Asia/Tokyo"), ZoneInfo("UTC"), ZoneInfo("America/New_York")]


def plan(token, name, start, minutes=30):
    end = datetime.datetime.strptime(start, "%Y/%m/%d %H:%M:%S") + datetime.timedelta(minutes=minutes)
    body = {"name": name, "start_datetime": start, "end_datetime": end.strftime("%Y/%m/%d %H:%M:%S"),
            "imageflux_params": RENDITIONS}
    return call("POST", "/api/schedule", body, token)["schedule_id"]


def read(url):
    with urllib.request.urlopen(url) as response:
        assert response.headers["Content-Type"] == "text/calendar; charset=utf-8", response.headers
        return response.read()


def events(raw):
    for line in raw.split(b"\r\n"):
        assert len(line) <= 75 and b"\n" not in line and b"\r" not in line, line
        line.decode("utf-8")
    calendar = icalendar.Calendar.from_ical(raw)
    assert not calendar.errors, calendar.errors
    found = {str(event["UID"]): event for event in calendar.walk("VEVENT")}
    for event in found.values():
        assert not event.errors, event.errors
        for required in ("DTSTAMP", "DTSTART", "DTEND", "SEQUENCE", "LAST-MODIFIED"):
            assert required in event, (required, event)
    return found


def main():
    token = call("POST", "/api/login", MASTER)["token"]
    names = {plan(token, name, f"2032/01/{day:02} 12:00:00"): name for day, name in enumerate(NAMES, 1)}
    clocks = {plan(token, "clock", start): shown for start, shown in CLOCKS.items()}
    url = call("POST", "/api/calendar", {}, token)["calendar_url"]

    found = events(read(url))
    assert set(found) == set(names) | set(clocks), found
    for schedule, name in names.items():
        assert str(found[schedule]["SUMMARY"]) == name.strip(), (name, found[schedule]["SUMMARY"])
    for schedule, shown in clocks.items():
        start = found[schedule].decoded("DTSTART")
        assert start.utcoffset() == datetime.timedelta(0), start
        assert tuple(start.astimezone(place).strftime("%Y-%m-%d %H:%M") for place in PLACES) == shown, (start, shown)
        assert found[schedule].decoded("DTEND") - start == datetime.timedelta(minutes=30)

    schedule = next(iter(names))
    change = {"schedule_id": schedule, "name": "moved", "start_datetime": "2033/01/01 12:00:00",
              "end_datetime": "2033/01/01 13:00:00"}
    call("PATCH", "/api/schedule", change, token)
    after = events(read(url))
    assert int(after[schedule]["SEQUENCE"]) > int(found[schedule]["SEQUENCE"])
    assert {uid: event.to_ical() for uid, event in after.items() if uid != schedule} \
        == {uid: event.to_ical() for uid, event in found.items() if uid != schedule}
    print(f"icalendar {icalendar.__version__} reads {len(after)} events, right in {', '.join(map(str, PLACES))}")


main()
