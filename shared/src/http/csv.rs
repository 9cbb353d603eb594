//! Tables for spreadsheets (RFC 4180): UTF-8 with a byte order mark, lines that end in CRLF, and no cell that computes.

use super::pages::Room;
use super::response::{self, Reply};

pub const CONTENT_TYPE: &str = "text/csv; charset=utf-8";

/// Without it, spreadsheets take the file for one of the system's own encoding.
const BYTE_ORDER_MARK: char = '\u{FEFF}';

/// What makes a spreadsheet compute a cell that begins with it, in the full width that Japanese keyboards write, too
/// (OWASP, "CSV Injection").
const COMPUTED: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// A table that is written row by row. Each page is a file by itself.
pub struct Table {
    body: String,
    room: Room,
}

impl Table {
    #[must_use]
    pub fn new(head: &[&str]) -> Self {
        let mut table = Self { body: BYTE_ORDER_MARK.to_string(), room: Room::default() };
        table.takes(head);
        table
    }

    /// Adds a row, unless there is no room for it.
    pub fn takes(&mut self, cells: &[&str]) -> bool {
        let line = cells.iter().map(|text| cell(text)).collect::<Vec<_>>().join(",") + "\r\n";
        let fits = self.room.takes(&line);
        if fits {
            self.body.push_str(&line);
        }
        fits
    }

    #[must_use]
    pub fn answer(self) -> Reply {
        response::text(CONTENT_TYPE, self.body)
    }
}

/// In quotes, so that commas and line feeds are text. Whatever would be computed is quoted once more, with the sign that
/// spreadsheets take for "this is text".
fn cell(text: &str) -> String {
    let guard = if text.starts_with(COMPUTED) { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_computed_is_text() {
        for hostile in ["=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "＝1", "＋1", "－1", "＠1"] {
            assert_eq!(cell(hostile), format!("\"'{hostile}\""));
        }
        for harmless in ["1=1", "a", "", "'", " =1"] {
            assert_eq!(cell(harmless), format!("\"{harmless}\""));
        }
    }

    #[test]
    fn quotes_are_doubled_and_lines_end_in_crlf() {
        let mut table = Table::new(&["a", "b"]);
        assert!(table.takes(&["say \"x\"", "two\nlines, one cell"]));
        assert_eq!(table.body, "\u{FEFF}\"a\",\"b\"\r\n\"say \"\"x\"\"\",\"two\nlines, one cell\"\r\n");
    }
}
