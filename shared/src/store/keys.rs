//! Every key of the table.
//!
//! | item | PK | SK | who writes it |
//! | --- | --- | --- | --- |
//! | tenant: name, state, last user number | `TEN#<tenant>` | `META` | tenant, user |
//! | list of tenants, for the operator | `TENANTS` | `<tenant>` | tenant |
//! | log-in pointer, and guard of uniqueness | `EMAIL#<lower case>` | `<tenant>` | user, tenant |
//! | password hash and nothing else | `CRED#<tenant>` | `<user>` | auth, user, tenant |
//! | access-code digest | `CRED#<tenant>` | `ACCESS-CODE` | auth, tenant |
//! | user | `USER#<tenant>` | `<user, 19 digits>` | user, auth, tenant |
//! | revoked token (TTL) | `DEAD#<tenant>` | `<token>` | auth |
//! | schedule | `SCHED#<tenant>` | `<schedule>` | schedule, sweeper |
//! | its `hls`, for another channel | `HLS#<tenant>` | `<schedule>` | schedule |
//! | calendar node: a start, its end, the next start | `CAL#<tenant>` | `<start, UTC>`; a head before all | schedule, sweeper |
//! | unfinished business, by the time it is due | `TODO` | `<due, UTC>#<id>` | schedule, sweeper |
//! | channel that no schedule knows, since when (TTL) | `ORPHANS` | `<channel>` | sweeper |
//! | publishing connections in the order they were seen | `LIVE#<tenant>` | `<schedule>` | delivery-view |
//! | chat message | `CHAT#<tenant>#<schedule>` | `<UUID v7>` | chat |
//! | failed log-ins (TTL) | `RATE#LOGIN#<digest>`, `RATE#SOURCE#<digest>` | `COUNT` | auth |
//! | recent posts of a user (TTL) | `RATE#CHAT#<tenant>` | `<user>` | chat |
//! | idempotency key (TTL) | `IDEM#<tenant>#<user>` | `<operation>#<digest>` | schedule, user, chat |
//!
//! The tenant comes first. The exceptions: the pointer, because a log-in starts from an e-mail
//! address; the lists that one function reads across tenants (`TENANTS`, `TODO`, `ORPHANS`); and the
//! counters of failed log-ins, which belong to nobody yet. No prefix stands outside of this file.

use chrono::{DateTime, Utc};

use super::instant_text;
use crate::domain::email::Email;
use crate::domain::ids::{MessageId, ScheduleId, TenantId, TokenId, UserId};
use crate::table::Key;

fn key(pk: String, sk: impl Into<String>) -> Key {
    Key { pk, sk: sk.into() }
}

#[must_use]
pub fn tenant(tenant: &TenantId) -> Key {
    key(format!("TEN#{tenant}"), "META")
}

pub const TENANTS: &str = "TENANTS";

#[must_use]
pub fn tenant_in_list(tenant: &TenantId) -> Key {
    key(TENANTS.to_owned(), tenant.as_str())
}

#[must_use]
pub fn pointers(email: &Email) -> String {
    format!("EMAIL#{}", email.canonical())
}

#[must_use]
pub fn pointer(email: &Email, tenant: &TenantId) -> Key {
    key(pointers(email), tenant.as_str())
}

#[must_use]
pub fn credential(tenant: &TenantId, user: UserId) -> Key {
    key(format!("CRED#{tenant}"), user.to_string())
}

#[must_use]
pub fn access_code(tenant: &TenantId) -> Key {
    key(format!("CRED#{tenant}"), "ACCESS-CODE")
}

#[must_use]
pub fn users(tenant: &TenantId) -> String {
    format!("USER#{tenant}")
}

#[must_use]
pub fn user(tenant: &TenantId, user: UserId) -> Key {
    key(users(tenant), format!("{:019}", user.0))
}

#[must_use]
pub fn dead_token(tenant: &TenantId, token: &TokenId) -> Key {
    key(format!("DEAD#{tenant}"), token.as_str())
}

#[must_use]
pub fn schedules(tenant: &TenantId) -> String {
    format!("SCHED#{tenant}")
}

#[must_use]
pub fn schedule(tenant: &TenantId, schedule: &ScheduleId) -> Key {
    key(schedules(tenant), schedule.as_str())
}

#[must_use]
pub fn hls(tenant: &TenantId, schedule: &ScheduleId) -> Key {
    key(format!("HLS#{tenant}"), schedule.as_str())
}

#[must_use]
pub fn calendar(tenant: &TenantId) -> String {
    format!("CAL#{tenant}")
}

/// `start` is an instant as text, or the head's.
#[must_use]
pub fn calendar_node(tenant: &TenantId, start: &str) -> Key {
    key(calendar(tenant), start)
}

pub const TODO: &str = "TODO";

/// Everything due before the instant sorts below this.
#[must_use]
pub fn due_before(instant: DateTime<Utc>) -> String {
    instant_text(instant)
}

#[must_use]
pub fn todo(due: DateTime<Utc>, id: &str) -> Key {
    key(TODO.to_owned(), format!("{}#{id}", instant_text(due)))
}

pub const ORPHANS: &str = "ORPHANS";

#[must_use]
pub fn orphan(channel_id: &str) -> Key {
    key(ORPHANS.to_owned(), channel_id)
}

#[must_use]
pub fn live(tenant: &TenantId, schedule: &ScheduleId) -> Key {
    key(format!("LIVE#{tenant}"), schedule.as_str())
}

#[must_use]
pub fn chat(tenant: &TenantId, schedule: &ScheduleId) -> String {
    format!("CHAT#{tenant}#{schedule}")
}

#[must_use]
pub fn message(tenant: &TenantId, schedule: &ScheduleId, message: &MessageId) -> Key {
    key(chat(tenant, schedule), message.as_str())
}

/// Failed log-ins for one e-mail address, whoever it belongs to.
#[must_use]
pub fn failed_logins(email_digest: &str) -> Key {
    key(format!("RATE#LOGIN#{email_digest}"), "COUNT")
}

/// Failed log-ins from one source address.
#[must_use]
pub fn failed_logins_from(source_digest: &str) -> Key {
    key(format!("RATE#SOURCE#{source_digest}"), "COUNT")
}

#[must_use]
pub fn recent_posts(tenant: &TenantId, user: UserId) -> Key {
    key(format!("RATE#CHAT#{tenant}"), user.to_string())
}

#[must_use]
pub fn idempotency(tenant: &TenantId, user: UserId, operation: &str, digest: &str) -> Key {
    key(format!("IDEM#{tenant}#{user}"), format!("{operation}#{digest}"))
}
