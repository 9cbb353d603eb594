//! Who may publish: a token works only while it may, and while it may it does.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use shared::crypto::publish_token;
use shared::domain::ids::UserId;
use shared::store::keys;
use shared::table::{Item, Value};

use crate::checks::{Evidence, Findings, text};
use crate::history::{Call, Entry, Outcome};
use crate::on_air::{Deed, Place};
use crate::past::Past;
use crate::world::{PUBLISH_LEAD, PUBLISH_OVERRUN, instant};

/// How long the product waits for the table before it asks a presenter to try again.
const PATIENCE: i64 = 1_500;

/// Of each reason to turn somebody away, whether it may have been one, and whether it may not.
#[derive(Clone, Copy)]
struct May {
    be_right: bool,
    be_wrong: bool,
}

pub fn check(evidence: &Evidence, findings: &mut Findings) {
    let past = Past::of(evidence, &["SCHED#", "USER#", "TEN#"]);
    for entry in &evidence.entries {
        let took = entry.returned - entry.invoked;
        match (&entry.call, &entry.outcome) {
            (Call::OnAir(Deed::Connect { at, token }), Outcome::Done(answer)) => {
                findings.require(took <= 2_000, "a presenter is answered in time", || format!("{took} ms: {entry:?}"));
                let reason_is_good = is_decided_well(&past, entry, at, token.as_deref(), answer);
                let promise = if answer.starts_with("in ") {
                    "a token works only while it may"
                } else {
                    "a token works while it may"
                };
                findings.require(reason_is_good, promise, || format!("{entry:?}"));
                let was_away =
                    entry.invoked < evidence.calm_from && (took >= PATIENCE || entry.ambiguous || entry.turned_away);
                findings.require(answer != "TRY_AGAIN" || was_away, "a token works while it may", || {
                    format!("the table was there: {entry:?}")
                });
            }
            (Call::OnAir(Deed::CallAmiss), Outcome::Done(answer)) => {
                let is_shut = answer == "NOWHERE" || answer == "TRY_AGAIN";
                findings.require(is_shut, "only the key opens", || format!("{entry:?}"));
            }
            (Call::OnAir(Deed::Tell { .. }), Outcome::Done(_) | Outcome::Unknown(_)) => {
                findings.require(took <= 1_000, "ImageFlux is answered in time", || format!("{took} ms: {entry:?}"));
            }
            (Call::OnAir(Deed::ResetTokens { schedule }), Outcome::Done(_)) => {
                let key = keys::schedule(&entry.tenant, schedule);
                let versions = past.during(&key, entry.invoked, entry.returned).flatten();
                let secrets: BTreeSet<&str> = versions.map(|item| text(item, "publish_secret")).collect();
                findings.require(secrets.len() > 1, "a reset makes a new secret", || format!("{entry:?}"));
            }
            _ => {}
        }
    }
}

fn is_decided_well(past: &Past, entry: &Entry, at: &Place, token: Option<&str>, answer: &str) -> bool {
    if answer == "TRY_AGAIN" {
        return true;
    }
    let (from, to) = (entry.invoked, entry.returned);
    let key = keys::schedule(&at.tenant, &at.schedule);
    let users = token.and_then(named).map(|user| may(past.during(&keys::user(&at.tenant, user), from, to), delivers));
    let user = users.unwrap_or(May { be_right: true, be_wrong: false });
    let tenant = may(past.during(&keys::tenant(&at.tenant), from, to), |item| text(item, "state") == "active");
    let clock = [from, to].map(|millis| instant(millis + entry.skew));
    let is_good = |item: &Item| text(item, "channel_id") == at.channel && is_right(item, at, token);
    let mut versions = past.during(&key, from, to).peekable();
    if answer.starts_with("in ") {
        let opens = |item: &Item| is_good(item) && may_be_open(item, clock);
        return user.be_right && tenant.be_right && versions.any(|item| item.is_some_and(opens));
    }
    let shuts = |item: &Item| !is_good(item) || !must_be_open(item, clock);
    user.be_wrong || tenant.be_wrong || versions.any(|item| item.is_none_or(shuts))
}

fn may<'a>(versions: impl Iterator<Item = Option<&'a Item>>, is_right: impl Fn(&Item) -> bool) -> May {
    versions.fold(May { be_right: false, be_wrong: false }, |may, item| {
        let holds = item.is_some_and(&is_right);
        May { be_right: may.be_right || holds, be_wrong: may.be_wrong || !holds }
    })
}

/// Whom a token names: that stands before its proof.
fn named(token: &str) -> Option<UserId> {
    let token = serde_json::Value::String(token.to_owned());
    publish_token::find([&token])?.first().map(|shown| shown.user)
}

/// The whole token, or none, which is enough within the times.
fn is_right(item: &Item, at: &Place, token: Option<&str>) -> bool {
    let Some(token) = token else { return true };
    let token = token.trim_start_matches("Bearer ");
    let secret = SecretString::from(text(item, "publish_secret"));
    named(token).is_some_and(|user| token == publish_token::derive(&secret, &at.tenant, &at.schedule, user))
}

fn delivers(user: &Item) -> bool {
    let is_delivery = |name: &Value| *name == Value::S("delivery".to_owned());
    let holds = match user.get("permissions") {
        Some(Value::L(names)) => names.iter().any(is_delivery),
        _ => false,
    };
    holds || user.get("is_master") == Some(&Value::Bool(true))
}

fn window(item: &Item) -> Option<[DateTime<Utc>; 2]> {
    let at = |name| text(item, name).parse::<DateTime<Utc>>().ok();
    Some([at("starts_at")? - TimeDelta::seconds(PUBLISH_LEAD), at("ends_at")? + TimeDelta::seconds(PUBLISH_OVERRUN)])
}

fn may_be_open(item: &Item, [first, last]: [DateTime<Utc>; 2]) -> bool {
    window(item).is_some_and(|[opens, closes]| last >= opens && first < closes)
}

fn must_be_open(item: &Item, [first, last]: [DateTime<Utc>; 2]) -> bool {
    window(item).is_some_and(|[opens, closes]| first >= opens && last < closes)
}
