//! How much of a list one answer holds. What has no room is for the next page.

use serde::Serialize;

use super::ApiResult;
use super::request::Request;
use super::response;
use crate::operations::Error;

/// An answer never exceeds 5 MB; what is left is for what stands around the rows.
const MAX_BYTES: usize = 4_900_000;
/// Lambda answers with the body as a string inside of JSON, 6 MB at the most, in which quotes, backslashes and line ends are escaped again.
const MAX_ESCAPED_BYTES: usize = 5_900_000;

/// What an answer still has room for.
pub struct Room {
    bytes: usize,
    escaped_bytes: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self { bytes: MAX_BYTES, escaped_bytes: MAX_ESCAPED_BYTES }
    }
}

impl Room {
    /// As `takes`, of what is rendered as JSON.
    pub fn takes_json(&mut self, row: &impl Serialize) -> bool {
        serde_json::to_string(row).is_ok_and(|row| self.takes(&row))
    }

    /// Whether a row and its comma still fit. Once one did not, none does, so that a list is cut in one place.
    pub fn takes(&mut self, row: &str) -> bool {
        let bytes = row.len() + 1;
        let escaped_bytes = bytes + row.bytes().filter(|byte| matches!(byte, b'"' | b'\\' | b'\r' | b'\n')).count();
        let is_enough = bytes <= self.bytes && escaped_bytes <= self.escaped_bytes;
        self.bytes = if is_enough { self.bytes - bytes } else { 0 };
        self.escaped_bytes = self.escaped_bytes.saturating_sub(escaped_bytes);
        is_enough
    }
}

/// A bare array that is written row by row.
pub struct Page {
    body: String,
    room: Room,
    is_broken: bool,
}

impl Default for Page {
    fn default() -> Self {
        Self { body: "[".to_owned(), room: Room::default(), is_broken: false }
    }
}

impl Page {
    /// Adds a row, unless there is no room for it.
    pub fn takes(&mut self, row: &impl Serialize) -> bool {
        let Ok(row) = serde_json::to_string(row) else {
            self.is_broken = true;
            return false;
        };
        let fits = self.room.takes(&row);
        if fits {
            if self.body.len() > 1 {
                self.body.push(',');
            }
            self.body.push_str(&row);
        }
        fits
    }

    /// The answer. When rows are left, a link says with which parameters the next page is asked for.
    pub fn answer(mut self, request: &Request, next: Option<Vec<(&str, String)>>) -> ApiResult {
        if self.is_broken {
            return Err(Error::Internal("a row is no JSON".to_owned()));
        }
        self.body.push(']');
        let reply = response::json_text(self.body);
        Ok(match next {
            Some(parameters) => reply.with("link", response::link_to_next(request, &parameters)),
            None => reply,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of the rows, from the first on, an answer has room for.
    fn how_many_fit(mut rows: impl Iterator<Item = impl Serialize>) -> usize {
        let mut room = Room::default();
        std::iter::from_fn(|| rows.next()).take_while(|row| room.takes_json(row)).count()
    }

    #[test]
    fn a_list_is_cut_before_the_row_that_makes_it_too_long() {
        let row = "x".repeat(998);
        // A row takes 1,001 bytes: itself, two quotes and a comma.
        assert_eq!(how_many_fit(std::iter::repeat_n(&row, 10_000)), MAX_BYTES / 1_001);
        assert_eq!(how_many_fit(std::iter::repeat_n(&row, 10)), 10);
    }

    #[test]
    fn what_lambda_escapes_once_more_counts_twice() {
        // 1,003 bytes, of which 1,002 are escaped again.
        let row = "\"".repeat(500);
        let fit = how_many_fit(std::iter::repeat_n(&row, 10_000));
        assert_eq!(fit, MAX_ESCAPED_BYTES / (1_003 + 1_002));
        let body = serde_json::to_string(&vec![&row; fit]).unwrap();
        assert!(serde_json::to_string(&body).unwrap().len() < 6_000_000);
    }

    #[test]
    fn nothing_follows_a_row_that_had_no_room() {
        let mut page = Page::default();
        assert!(page.takes(&"x".repeat(4_000_000)));
        assert!(!page.takes(&"x".repeat(1_000_000)));
        assert!(!page.takes(&"x"));
    }
}
