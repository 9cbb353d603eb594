//! Every date spelling of the contract. Clients read and write Japan time, whatever `TZ` says.

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};

use crate::domain::invalid::Invalid;

const JAPAN: FixedOffset = FixedOffset::east_opt(9 * 60 * 60).expect("nine hours are an offset");

/// Log-in: `2021/10/10 20:00:00`.
#[must_use]
pub fn with_slashes(instant: DateTime<Utc>) -> String {
    instant.with_timezone(&JAPAN).format("%Y/%m/%d %H:%M:%S").to_string()
}

/// Schedules: `2021-11-19T12:00:00`.
#[must_use]
pub fn with_t(instant: DateTime<Utc>) -> String {
    instant.with_timezone(&JAPAN).format("%Y-%m-%dT%H:%M:%S").to_string()
}

/// Users and chat: `2021-11-01 12:00:00`.
#[must_use]
pub fn with_space(instant: DateTime<Utc>) -> String {
    instant.with_timezone(&JAPAN).format("%Y-%m-%d %H:%M:%S").to_string()
}

/// Exactly 19 ASCII characters: `YYYY/MM/DD HH:MM:SS`, `YYYY-MM-DD HH:MM:SS` or `YYYY-MM-DDTHH:MM:SS`.
///
/// # Errors
/// When the text is anything else, no day of the calendar, or outside of the years 1970 to 9999.
pub fn parse(text: &str) -> Result<DateTime<Utc>, Invalid> {
    parse_or_none(text.as_bytes()).ok_or(Invalid::NotADateTime)
}

fn parse_or_none(bytes: &[u8]) -> Option<DateTime<Utc>> {
    let bytes: &[u8; 19] = bytes.try_into().ok()?;
    let separators = [bytes[4], bytes[7], bytes[10], bytes[13], bytes[16]];
    if !matches!(&separators, b"// ::" | b"-- ::" | b"--T::") {
        return None;
    }
    let year = number(&bytes[0..4])?;
    let day = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, number(&bytes[5..7])?, number(&bytes[8..10])?)?;
    let time = day.and_hms_opt(number(&bytes[11..13])?, number(&bytes[14..16])?, number(&bytes[17..19])?)?;
    (year >= 1970).then_some(time.and_local_timezone(JAPAN).single()?.to_utc())
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn japan_time_is_stored_in_utc_and_printed_in_three_spellings() {
        let instant = parse("2021/10/30 12:00:00").unwrap();
        assert_eq!(instant.to_rfc3339(), "2021-10-30T03:00:00+00:00");
        assert_eq!(with_slashes(instant), "2021/10/30 12:00:00");
        assert_eq!(with_t(instant), "2021-10-30T12:00:00");
        assert_eq!(with_space(instant), "2021-10-30 12:00:00");
    }

    #[test]
    fn the_first_and_the_last_second_are_accepted() {
        for text in ["1970/01/01 00:00:00", "9999/12/31 23:59:59", "2024/02/29 23:59:59"] {
            assert_eq!(parse(text).map(with_slashes), Ok(text.to_owned()));
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            "2021/10/30",
            "2021/1/30 12:00:00",
            "2021/10/30 12:00",
            "2021/10/30 12:00:60",
            "2021/10/30 24:00:00",
            "2021/02/29 12:00:00",
            "2021/13/01 12:00:00",
            "2021/00/10 12:00:00",
            "1969/12/31 23:59:59",
            "2021/10/30T12:00:00",
            "2021-10/30 12:00:00",
            "2021/10/30\t12:00:00",
            "2021/10/30 12:00:00Z",
            " 2021/10/30 12:00:00",
            "2021/10/30  2:00:00",
            "+021/10/30 12:00:00",
            "２０２１/10/30 12:00:00",
            "2021/10/30 12:00:0",
            "0000/01/01 00:00:00",
        ] {
            assert_eq!(parse(text), Err(Invalid::NotADateTime), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_can_be_sent_back(seconds in 0_i64..253_402_214_400) {
            let instant = DateTime::from_timestamp(seconds, 0).unwrap();
            for print in [with_slashes, with_t, with_space] {
                prop_assert_eq!(parse(&print(instant)), Ok(instant));
            }
        }

        #[test]
        fn no_text_is_a_panic(text in "\\PC{0,24}") {
            let _any = parse(&text);
        }
    }
}
