//! Chat: what is acknowledged is there once, every reader sees everything once, and hears once of what is taken away.

use std::collections::{BTreeMap, BTreeSet};

use shared::domain::ids::ScheduleId;
use shared::table::{Item, Key};

use crate::chatters::Page;
use crate::checks::{Evidence, Findings, text};
use crate::history::{Call, Entry, Outcome};

pub fn check(evidence: &Evidence, schedule: &ScheduleId, readers: &[Vec<Page>], findings: &mut Findings) {
    let last = evidence.last_items();
    let said: BTreeMap<&str, &str> = last
        .iter()
        .filter(|(key, item)| is_in(schedule, key) && !item.contains_key("d"))
        .map(|(key, item)| (key.sk.as_str(), text(item, "b")))
        .collect();
    let mut posts: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    for entry in &evidence.entries {
        if let Call::Post { schedule: to, body } = &entry.call
            && to == schedule
        {
            posts.entry(body).or_default().push(entry);
        }
    }
    for (body, attempts) in posts {
        let times = said.values().filter(|said| **said == body).count();
        findings.require(times <= 1, "one message per post", || format!("{times} times {body}: {attempts:?}"));
        let is_done = attempts.iter().any(|entry| matches!(entry.outcome, Outcome::Done(_)));
        findings.require(!is_done || times == 1, "an acknowledged message stays", || format!("{attempts:?}"));
        let is_refused = attempts.iter().all(|entry| matches!(entry.outcome, Outcome::Refused(_)) && !entry.ambiguous);
        findings.require(!is_refused || times == 0, "a refused message is not there", || format!("{attempts:?}"));
    }
    let gone = deletions(evidence, &last, schedule, findings);
    for pages in readers {
        follow(pages, &said, &gone, findings);
    }
    let schedules: BTreeSet<&str> =
        last.keys().filter(|key| key.pk.starts_with("SCHED#")).map(|key| key.sk.as_str()).collect();
    for key in last.keys().filter(|key| key.pk.starts_with("CHAT#")) {
        let of = key.pk.rsplit('#').next().unwrap_or_default();
        findings.require(schedules.contains(of), "a deleted schedule's chat goes", || format!("{key:?}"));
    }
}

fn is_in(schedule: &ScheduleId, key: &Key) -> bool {
    key.pk.starts_with("CHAT#") && key.pk.ends_with(&schedule.to_string())
}

/// The messages that are taken away: marked, and in the order of all entries by a deletion of their own.
fn deletions(
    evidence: &Evidence,
    last: &BTreeMap<Key, Item>,
    schedule: &ScheduleId,
    findings: &mut Findings,
) -> BTreeSet<String> {
    let entries = || last.iter().filter(|(key, _)| is_in(schedule, key));
    let marked: BTreeMap<&str, &str> =
        entries().filter(|(_, item)| item.contains_key("x")).map(|(key, item)| (&*key.sk, text(item, "x"))).collect();
    let deletions: BTreeMap<&str, &str> =
        entries().filter(|(_, item)| item.contains_key("d")).map(|(key, item)| (text(item, "d"), &*key.sk)).collect();
    findings.require(marked == deletions, "a deletion is whole", || format!("{marked:?} and {deletions:?}"));
    for (message, deletion) in &deletions {
        findings.require(message < deletion, "a deletion is behind its message", || format!("{message} {deletion}"));
    }
    for entry in &evidence.entries {
        if let (Call::DeleteMessage { schedule: of, message }, Outcome::Done(_)) = (&entry.call, &entry.outcome)
            && of == schedule
        {
            let is_marked = marked.contains_key(&*message.to_string());
            findings.require(is_marked, "an acknowledged deletion stays", || format!("{entry:?}"));
        }
    }
    marked.into_keys().map(str::to_owned).collect()
}

/// What one reader was told, from the beginning until there was nothing more.
fn follow(pages: &[Page], said: &BTreeMap<&str, &str>, gone: &BTreeSet<String>, findings: &mut Findings) {
    let (mut given, mut told) = (BTreeSet::new(), BTreeSet::new());
    for page in pages {
        findings.require(page.messages.is_sorted(), "oldest first", || format!("{page:?}"));
        for id in &page.deleted {
            findings.require(given.contains(id.as_str()), "told of what was given alone", || format!("{id} was not"));
            findings.require(told.insert(id.as_str()), "told once", || format!("{id} again"));
        }
        for id in &page.messages {
            findings.require(given.insert(id.as_str()), "every message at most once", || format!("{id} again"));
        }
    }
    for (id, body) in said.iter().filter(|(id, _)| !gone.contains(**id)) {
        findings.require(given.contains(id), "every message at least once", || format!("{id} {body} was not given"));
    }
    for id in given.iter().filter(|id| gone.contains(**id)) {
        findings.require(told.contains(id), "told of each deletion", || format!("{id} was given and is gone"));
    }
    for id in &told {
        findings.require(gone.contains(*id), "what is told is so", || format!("{id} is there"));
    }
}
