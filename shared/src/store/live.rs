//! Which publishing connections of a schedule were seen, and in which order.
//!
//! ImageFlux lists the living connections in no known order; this memory tells which is the newest.

use serde::{Deserialize, Serialize};

use super::{decode, encode, keys, number};
use crate::domain::ids::{ScheduleId, TenantId};
use crate::table::{Condition, Table, TableError, Write, Written};

/// Connections by the time they were first seen, newest last.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Live {
    pub connections: Vec<String>,
    version: i64,
}

/// More than any broadcast needs; the oldest of the dead are forgotten first.
const MAX_CONNECTIONS: usize = 100;

impl Live {
    /// The newest of the living connections, once those not seen before are added behind the others.
    pub fn newest(&mut self, living: &[&str]) -> Option<String> {
        for connection in living {
            if !self.connections.iter().any(|seen| seen == connection) {
                self.connections.push((*connection).to_owned());
            }
        }
        let mut too_many = self.connections.len().saturating_sub(MAX_CONNECTIONS);
        self.connections.retain(|seen| {
            let is_forgotten = too_many > 0 && !living.contains(&seen.as_str());
            too_many -= usize::from(is_forgotten);
            !is_forgotten
        });
        self.connections.iter().rev().find(|seen| living.contains(&seen.as_str())).cloned()
    }
}

pub async fn find(table: &Table, tenant: &TenantId, schedule: &ScheduleId) -> Result<Live, TableError> {
    let item = table.get(&keys::live(tenant, schedule)).await?;
    Ok(item.map(decode).transpose()?.unwrap_or_default())
}

/// `false` when somebody else remembered something in between; then read and decide again.
pub async fn remember(
    table: &Table,
    tenant: &TenantId,
    schedule: &ScheduleId,
    live: &Live,
) -> Result<bool, TableError> {
    let condition = match live.version {
        0 => Condition::Absent,
        seen => Condition::Equals("version", number(seen)),
    };
    let item = encode(&Live { connections: live.connections.clone(), version: live.version + 1 })?;
    let write = Write::put(keys::live(tenant, schedule), item).only_if(condition);
    Ok(matches!(table.write(&write).await?, Written::Done(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_not_seen_before_is_the_newest() {
        let mut live = Live::default();
        assert_eq!(live.newest(&["a"]), Some("a".to_owned()));
        assert_eq!(live.newest(&["b", "a"]), Some("b".to_owned()));
        assert_eq!(live.newest(&["a", "b"]), Some("b".to_owned()));
    }

    #[test]
    fn of_too_many_connections_the_living_are_never_forgotten() {
        let names: Vec<String> = (0..150).map(|number| format!("c{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut live = Live::default();
        assert_eq!(live.newest(&names).as_deref(), Some("c149"));
        assert_eq!(live.newest(&names).as_deref(), Some("c149"));
        assert_eq!(live.newest(&["c0"]).as_deref(), Some("c0"));
        assert_eq!(live.connections.len(), MAX_CONNECTIONS);
    }

    #[test]
    fn a_dead_connection_is_never_chosen() {
        let mut live = Live { connections: vec!["a".to_owned(), "b".to_owned()], version: 1 };
        assert_eq!(live.newest(&["a"]), Some("a".to_owned()));
        assert_eq!(live.newest(&[]), None);
    }
}
