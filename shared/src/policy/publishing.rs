//! Who may publish: what decides when ImageFlux asks whether somebody may connect.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::interval::Interval;

/// What a publisher without a token may do (`PUBLISH_WITHOUT_TOKEN`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WithoutToken {
    /// They may within the same times as others.
    #[default]
    Window,
    Never,
    Always,
}

/// What the deployment says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    pub window: Window,
    pub without_token: WithoutToken,
}

/// What somebody showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credentials {
    Nothing,
    /// A token that is not, or no longer, one of this schedule.
    Unknown,
    /// A token of a user, who may or may not still deliver.
    Token {
        may_deliver: bool,
    },
}

/// Why somebody may not connect now. ImageFlux shows the word to the presenter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    NotYet,
    Over,
    TokenUnknown,
    NotAllowed,
    /// It cannot be known now.
    TryAgain,
}

/// 9999-12-31 23:59:59 in Japan: no later second can be written in the API's formats.
const LAST: DateTime<Utc> = DateTime::from_timestamp(253_402_268_399, 0).expect("a second of the year 9999");

/// From how long before its start until how long after its end a broadcast may be published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub lead: TimeDelta,
    pub overrun: TimeDelta,
}

impl Window {
    pub fn opens(self, interval: Interval) -> DateTime<Utc> {
        interval.start().checked_sub_signed(self.lead).unwrap_or(DateTime::<Utc>::MIN_UTC)
    }

    pub fn closes(self, interval: Interval) -> DateTime<Utc> {
        interval.end().checked_add_signed(self.overrun).map_or(LAST, |closes| closes.min(LAST))
    }

    fn admits(self, now: DateTime<Utc>, interval: Interval) -> Result<(), Refused> {
        if now < self.opens(interval) {
            Err(Refused::NotYet)
        } else if now >= self.closes(interval) {
            Err(Refused::Over)
        } else {
            Ok(())
        }
    }
}

impl WithoutToken {
    /// As the environment names it.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "window" => Some(Self::Window),
            "never" => Some(Self::Never),
            "always" => Some(Self::Always),
            _ => None,
        }
    }
}

impl Refused {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotYet => "NOT_YET",
            Self::Over => "OVER",
            Self::TokenUnknown => "TOKEN_UNKNOWN",
            Self::NotAllowed => "NOT_ALLOWED",
            Self::TryAgain => "TRY_AGAIN",
        }
    }
}

pub fn may_publish(
    credentials: Credentials,
    rule: Rule,
    interval: Interval,
    now: DateTime<Utc>,
) -> Result<(), Refused> {
    match (credentials, rule.without_token) {
        (Credentials::Nothing, WithoutToken::Always) => Ok(()),
        (Credentials::Nothing, WithoutToken::Never) | (Credentials::Token { may_deliver: false }, _) => {
            Err(Refused::NotAllowed)
        }
        (Credentials::Unknown, _) => Err(Refused::TokenUnknown),
        (Credentials::Nothing, WithoutToken::Window) | (Credentials::Token { may_deliver: true }, _) => {
            rule.window.admits(now, interval)
        }
    }
}
