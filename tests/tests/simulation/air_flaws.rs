//! Mistakes about what is on air. What the product itself decides is out of reach here, so what ImageFlux sends is
//! altered on its way until the effect is that of the mistake.

use shared::table::Condition;

use crate::flaws::{altering, drop_conditions};
use crate::on_air::Hooks;
use crate::world::Seams;

/// As if nobody looked at a role: who receives counts as one who publishes.
pub fn without_the_role() -> Seams {
    let hooks = Hooks {
        event: |event, _| {
            if event["role"] == "recvonly" {
                event["role"] = "sendrecv".into();
            }
        },
        ..Hooks::default()
    };
    Seams { hooks, ..Seams::default() }
}

/// As if the last event counted: what comes late of a connection that ended is of one that lives.
pub fn with_an_end_that_does_not_last() -> Seams {
    let hooks = Hooks {
        event: |event, ended| {
            let id = event["connection_id"].as_str().unwrap_or_default().to_owned();
            if ended.contains(&id) && event["type"] != "connection.destroyed" {
                event["connection_id"] = format!("{id}-again").into();
            }
        },
        ..Hooks::default()
    };
    Seams { hooks, ..Seams::default() }
}

/// Whoever wants to ask ImageFlux takes the lease, whether or not another has it.
pub fn without_the_condition_of_the_lease() -> Seams {
    let table = altering(|write| {
        if write.key.pk.starts_with("LIVE#") {
            drop_conditions(write, |condition| matches!(condition, Condition::Any(_)));
        }
    });
    Seams { table: Box::new(table), ..Seams::default() }
}

/// As if only the first letters were compared: a token that begins like the right one is the right one.
pub fn with_a_token_compared_by_its_beginning() -> Seams {
    Seams { hooks: Hooks { token: right_if_it_begins_alike, ..Hooks::default() }, ..Seams::default() }
}

/// The same of the key in the address.
pub fn with_a_key_compared_by_its_beginning() -> Seams {
    Seams { hooks: Hooks { key: right_if_it_begins_alike, ..Hooks::default() }, ..Seams::default() }
}

fn right_if_it_begins_alike(shown: &str, right: &str) -> String {
    let begins_alike = shown.get(..30) == right.get(..30);
    if begins_alike { right } else { shown }.to_owned()
}
