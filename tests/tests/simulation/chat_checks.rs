//! Chat: what is acknowledged is there once, and every reader sees everything once.

use std::collections::{BTreeMap, BTreeSet};

use shared::domain::ids::ScheduleId;

use crate::checks::{Evidence, Findings, text};
use crate::history::{Call, Entry, Outcome};

pub fn check(evidence: &Evidence, schedule: &ScheduleId, readers: &[Vec<Vec<String>>], findings: &mut Findings) {
    let last = evidence.last_items();
    let said: BTreeMap<&str, &str> = last
        .iter()
        .filter(|(key, _)| key.pk.starts_with("CHAT#") && key.pk.ends_with(&schedule.to_string()))
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
    for pages in readers {
        let mut given = BTreeSet::new();
        for page in pages {
            findings.require(page.is_sorted(), "oldest first", || format!("{page:?}"));
            for id in page {
                findings.require(given.insert(id.as_str()), "every message at most once", || format!("{id} again"));
            }
        }
        for (id, body) in &said {
            findings
                .require(given.contains(id), "every message at least once", || format!("{id} {body} was not given"));
        }
    }
    let schedules: BTreeSet<&str> =
        last.keys().filter(|key| key.pk.starts_with("SCHED#")).map(|key| key.sk.as_str()).collect();
    for key in last.keys().filter(|key| key.pk.starts_with("CHAT#")) {
        let of = key.pk.rsplit('#').next().unwrap_or_default();
        findings.require(schedules.contains(of), "a deleted schedule's chat goes", || format!("{key:?}"));
    }
}
