//! What an item was while somebody looked: every version that a read in that time may have found.

use std::collections::BTreeMap;

use shared::table::{Item, Key};

use crate::checks::Evidence;

pub struct Version<'a> {
    /// When it was written, and when its successor was to be seen by all.
    pub from: i64,
    pub to: i64,
    pub item: Option<&'a Item>,
}

/// The items whose keys begin so, at all times.
pub struct Past<'a> {
    versions: BTreeMap<&'a Key, Vec<Version<'a>>>,
}

impl<'a> Past<'a> {
    pub fn of(evidence: &'a Evidence, prefixes: &[&str]) -> Self {
        let mut versions: BTreeMap<&Key, Vec<Version>> = BTreeMap::new();
        for commit in &evidence.journal {
            for (key, after) in &commit.changes {
                if !prefixes.iter().any(|prefix| key.pk.starts_with(prefix)) {
                    continue;
                }
                let versions =
                    versions.entry(key).or_insert_with(|| vec![Version { from: i64::MIN, to: i64::MAX, item: None }]);
                if let Some(last) = versions.last_mut() {
                    last.to = commit.seen_at;
                }
                versions.push(Version { from: commit.at, to: i64::MAX, item: after.as_ref() });
            }
        }
        Self { versions }
    }

    pub fn during(&self, key: &Key, from: i64, to: i64) -> impl Iterator<Item = Option<&'a Item>> {
        let versions = self.versions.get(key).map_or(&[] as &[Version], Vec::as_slice);
        let never = versions.is_empty().then_some(None);
        let found = versions.iter().filter(move |version| version.from <= to && version.to >= from);
        found.map(|version| version.item).chain(never)
    }

    /// Whether some version that could be found in that time is as wanted.
    pub fn any(&self, key: &Key, from: i64, to: i64, wanted: impl Fn(Option<&'a Item>) -> bool) -> bool {
        self.during(key, from, to).any(wanted)
    }

    pub fn all(&self, key: &Key) -> &[Version<'a>] {
        self.versions.get(key).map_or(&[], Vec::as_slice)
    }

    pub fn keys(&self) -> impl Iterator<Item = &'a Key> {
        self.versions.keys().copied()
    }
}
