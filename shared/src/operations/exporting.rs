//! A whole chat, to be kept.

use super::{Error, admit, reading};
use crate::app::App;
use crate::crypto::tokens::Bearer;
use crate::domain::ids::{MessageId, ScheduleId};
use crate::domain::message::{Entry, Message, mark_deleted};
use crate::policy::Action;
use crate::store::messages;

pub struct Export {
    pub schedule: ScheduleId,
    /// The last message of the page before.
    pub after: Option<MessageId>,
}

/// Entries that are read at a time.
const SOME: usize = 2_000;

/// Every message, oldest first, with those deleted. `takes` says whether the page has room for one more. Answers the
/// message to go on after when there is more.
pub async fn export_messages(
    app: &App,
    bearer: &Bearer,
    form: Result<Export, Error>,
    mut takes: impl FnMut(&Message) -> bool,
) -> Result<Option<MessageId>, Error> {
    let load = async {
        let export = form?;
        reading::schedule(app, &bearer.tenant, export.schedule).await?.ok_or(Error::ScheduleNotFound)?;
        Ok(export)
    };
    let (caller, Export { schedule, after }) = admit(app, bearer, Action::ExportMessages, load).await?;
    let (mut from, mut last) = (after, after);
    loop {
        let mut some = messages::after(&app.table, &caller.tenant, &schedule, from, Some(SOME)).await?;
        mark_deleted(&mut some);
        for entry in &some {
            let Entry::Message(message) = entry else { continue };
            if !takes(message) {
                return Ok(last);
            }
            last = Some(message.id);
        }
        if some.len() < SOME {
            return Ok(None);
        }
        from = some.last().map(Entry::id);
    }
}
