//! Moving a schedule: what has to change in the calendar.

use super::gaps::{Gap, gap, make_way, pause};
use crate::app::App;
use crate::domain::ids::TenantId;
use crate::domain::interval::Interval;
use crate::domain::schedule::Plan;
use crate::operations::Error;
use crate::store::calendar::{self, Node};
use crate::store::instant_text;
use crate::table::Write;

/// What has to change in the calendar for a schedule to move. `None` when it has to be read again.
pub(in crate::operations) async fn moving(
    app: &App,
    tenant: &TenantId,
    seen: &Plan,
    to: Interval,
) -> Result<Option<Vec<Write>>, Error> {
    let from = seen.interval;
    if from == to {
        return Ok(Some(Vec::new()));
    }
    let new_end = instant_text(to.end());
    let (around, owners) = tokio::try_join!(
        calendar::at_with_predecessor(&app.table, tenant, from.start()),
        calendar::before(&app.table, tenant, &new_end, 2)
    )?;
    let Some((node, predecessor)) = around.filter(|(node, _)| node.is(&seen.id)) else {
        pause(app).await;
        return Ok(None);
    };
    if from.start() == to.start() {
        if new_end <= node.nxt {
            return Ok(Some(vec![calendar::set_end(tenant, &node, &seen.id, to.end())]));
        }
        if let Some(next) = calendar::at(&app.table, tenant, &node.nxt).await?.filter(|next| !next.is(&seen.id)) {
            make_way(app, tenant, &next, to).await?;
        }
        return Ok(None);
    }
    // Its own old interval never counts.
    let Some(owner) = owners.into_iter().find(|owner| !owner.is(&seen.id)) else { return Ok(None) };
    // In the middle of another's change two reads can show one place twice; no transaction may name it twice.
    if owner.start == node.start || (owner.start != predecessor.start && predecessor.start == instant_text(to.start()))
    {
        pause(app).await;
        return Ok(None);
    }
    if owner.start == predecessor.start {
        let merged = Node { nxt: node.nxt.clone(), ..predecessor.clone() };
        return match gap(&merged, to) {
            Gap::Free => Ok(Some(calendar::shift(tenant, &predecessor, &node, &seen.id, to)?)),
            Gap::Taken => make_way(app, tenant, &owner, to).await.map(|()| None),
            Gap::Torn => {
                pause(app).await;
                Ok(None)
            }
        };
    }
    match gap(&owner, to) {
        Gap::Free => {
            let lease = node.reserved_until.as_deref();
            let mut writes = calendar::give_back(tenant, &predecessor, &node).to_vec();
            writes.extend(calendar::take(tenant, &owner, to, &seen.id, lease)?);
            Ok(Some(writes))
        }
        Gap::Taken => make_way(app, tenant, &owner, to).await.map(|()| None),
        Gap::Torn => {
            pause(app).await;
            Ok(None)
        }
    }
}
