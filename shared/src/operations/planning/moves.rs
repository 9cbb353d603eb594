//! Moving a schedule: what has to change in the calendar.

use super::gaps::{Gap, gap, make_way};
use crate::app::App;
use crate::domain::ids::TenantId;
use crate::domain::schedule::Plan;
use crate::operations::{Error, pause};
use crate::store::calendar::{self, Node};
use crate::table::Write;

/// What has to change in the calendar for a schedule to become another. `None` when it has to be read again.
pub(in crate::operations) async fn moving(
    app: &App,
    tenant: &TenantId,
    seen: &Plan,
    new: &Plan,
) -> Result<Option<Vec<Write>>, Error> {
    let (from, to) = (seen.interval, new.interval);
    if from == to {
        return Ok(Some(vec![calendar::amend(tenant, new)]));
    }
    let new_end = to.end().into();
    let (around, owners) = tokio::try_join!(
        calendar::at_with_predecessor(&app.table, tenant, from.start()),
        calendar::before(&app.table, tenant, new_end, 2)
    )?;
    let Some((node, predecessor)) = around.filter(|(node, _)| node.belongs_to(&seen.id)) else {
        pause(app).await;
        return Ok(None);
    };
    if from.start() == to.start() {
        if new_end <= node.nxt {
            return Ok(Some(vec![calendar::amend(tenant, new)]));
        }
        if let Some(next) = calendar::at(&app.table, tenant, node.nxt).await?.filter(|next| !next.belongs_to(&seen.id))
        {
            make_way(app, tenant, &next, to).await?;
        }
        return Ok(None);
    }
    // Its own old interval never counts.
    let Some(owner) = owners.into_iter().find(|owner| !owner.belongs_to(&seen.id)) else { return Ok(None) };
    // In the middle of another's change two reads can show one place twice; no transaction may name it twice.
    if owner.start == node.start || (owner.start != predecessor.start && predecessor.start == to.start().into()) {
        pause(app).await;
        return Ok(None);
    }
    // What it leaves becomes part of its predecessor's gap.
    let is_own_gap = owner.start == predecessor.start;
    let widened = Node { nxt: node.nxt, ..predecessor.clone() };
    match gap(if is_own_gap { &widened } else { &owner }, to) {
        Gap::Free if is_own_gap => Ok(Some(calendar::shift(tenant, &predecessor, &node, new)?)),
        Gap::Free => {
            let mut writes = calendar::give_back(tenant, &predecessor, &node).to_vec();
            writes.extend(calendar::take(tenant, &owner, new, None)?);
            Ok(Some(writes))
        }
        Gap::Taken => make_way(app, tenant, &owner, to).await.map(|()| None),
        Gap::Torn => {
            pause(app).await;
            Ok(None)
        }
    }
}
