//! Tries every order in which the steps of concurrent writers can happen, and checks each state on the way.
//!
//! One step is one item read, one transaction decided, or one written item that becomes visible to
//! readers. Conditions are judged against what is committed; reads see what is visible. A writer has
//! its answer when all that it wrote is visible, as a strongly consistent read after it must see it.

use std::collections::HashSet;
use std::hash::BuildHasherDefault;

use crate::design::{Design, Next};
use crate::operation::{Operation, Reads};
use crate::scenario::Scenario;
use crate::table::{Action, Item, Table};
use crate::world::{Visibility, WordHasher, World, Writer};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Violation {
    Overlap,
    BrokenList,
    /// A commit did something else to the calendar than its operation means.
    WrongEffect,
    /// An acknowledged schedule is not there in the end.
    LostCreate,
    /// A 409 that names an interval which is not there, does not collide, or is the caller's own.
    FalseConflict,
    /// A transaction with two actions on one item, which the table refuses as malformed.
    ItemNamedTwice,
}

#[derive(Debug, Default)]
pub struct Explored {
    pub states: u64,
    /// Ends in which a writer used up its attempts.
    pub unavailable: u64,
    /// Ends in which a writer was told of a conflict.
    pub conflicts: u64,
    pub violation: Option<Violation>,
}

pub struct Explorer<'a> {
    pub design: &'a dyn Design,
    pub visibility: Visibility,
    /// How often a writer reads and decides before it gives up.
    pub attempts: u8,
}

impl Explorer<'_> {
    /// Stops at the first violation.
    pub fn explore(&self, scenario: &Scenario) -> Explored {
        let mut explored = Explored::default();
        explored.violation = self.explore_into(&mut explored, scenario).err();
        explored
    }

    fn explore_into(&self, explored: &mut Explored, scenario: &Scenario) -> Result<(), Violation> {
        let start = World::new(scenario, self.attempts);
        let mut seen = HashSet::with_hasher(BuildHasherDefault::<WordHasher>::default());
        let mut open = vec![start.clone()];
        seen.insert(start);
        while let Some(world) = open.pop() {
            explored.states += 1;
            if world.is_ended() {
                explored.unavailable += u64::from(world.writers.contains(&Writer::Unavailable));
                explored.conflicts += u64::from(world.writers.contains(&Writer::Conflict));
                world.check_end(scenario)?;
                continue;
            }
            for next in self.successors(&world, scenario)? {
                if seen.insert(next.clone()) {
                    open.push(next);
                }
            }
        }
        Ok(())
    }

    fn successors(&self, world: &World, scenario: &Scenario) -> Result<Vec<World>, Violation> {
        let mut successors = Vec::new();
        for (at, operation) in scenario.operations.iter().enumerate() {
            if let Writer::Running { attempts, reads } = world.writers[at] {
                let mut next = world.clone();
                self.step(&mut next, scenario, at, *operation, attempts, reads)?;
                successors.push(next);
            }
        }
        for at in 0..world.invisible.len() {
            if world.is_oldest_of_its_key(at) {
                successors.push(world.after_showing(at));
            }
        }
        Ok(successors)
    }

    fn step(
        &self,
        world: &mut World,
        scenario: &Scenario,
        at: usize,
        operation: Operation,
        attempts: u8,
        mut reads: Reads,
    ) -> Result<(), Violation> {
        let mut next = self.design.next(operation, &reads);
        if let Next::Commit(transaction) = next {
            let replaced = world.committed.rows[usize::from(operation.schedule())];
            if let Some(written) = checked_commit(self.design, &mut world.committed, operation, &transaction)? {
                world.settle(scenario, at, written, replaced, self.visibility);
                return Ok(());
            }
            next = self.design.after_failure(&reads);
        }
        while let Next::Read(what) = next {
            reads.look(what, operation, &world.visible);
            next = self.design.next(operation, &reads);
            // Nobody else writes this schedule's own item, so it does not matter when it is read.
            if scenario.shares_schedule(at) || reads.has_more_than_row() {
                break;
            }
        }
        world.writers[at] = match next {
            Next::Read(_) | Next::Commit(_) => Writer::Running { attempts, reads },
            Next::Again if attempts > 1 => Writer::Running { attempts: attempts - 1, reads: Reads::default() },
            Next::Again => Writer::Unavailable,
            Next::Refused => Writer::Refused,
            Next::Conflict(node) => {
                world.check_conflict(scenario, operation, reads, node)?;
                Writer::Conflict
            }
        };
        Ok(())
    }
}

/// Commits, unless a condition fails, and checks the calendar that comes of it.
pub fn checked_commit(
    design: &dyn Design,
    committed: &mut Table,
    operation: Operation,
    transaction: &[Action],
) -> Result<Option<Vec<Item>>, Violation> {
    let is_repeated = |at: usize| transaction[..at].iter().any(|other| other.key == transaction[at].key);
    if (0..transaction.len()).any(is_repeated) {
        return Err(Violation::ItemNamedTwice);
    }
    let meant = operation.apply(committed.rows);
    let Some(written) = committed.transact(transaction) else { return Ok(None) };
    if !committed.is_disjoint() {
        return Err(Violation::Overlap);
    }
    if committed.rows != meant {
        return Err(Violation::WrongEffect);
    }
    if design.keeps_list() && !committed.is_exact_list() {
        return Err(Violation::BrokenList);
    }
    Ok(Some(written))
}
