//! Every question worth asking: small calendars, and what two or three writers want of them at the same time.
//!
//! The algorithm only compares instants, so two scenarios with the same order of instants are the same
//! scenario. Of each such family the one is kept that uses the points of time without a hole.

use crate::operation::Operation;
use crate::table::{FIRST, Interval, Schedule, Time};

#[derive(Clone, Debug)]
pub struct Scenario {
    pub calendar: Vec<Interval>,
    pub operations: Vec<Operation>,
}

/// How many points of time there are, how many schedules at the start, and how many writers.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub points: Time,
    pub schedules: usize,
    pub writers: usize,
}

/// The schedule that the n-th writer creates: after those of the calendar.
const CREATED: [Schedule; 3] = [2, 3, 4];

impl Scenario {
    /// Whether another writer is asked about the same schedule.
    pub fn shares_schedule(&self, at: usize) -> bool {
        let schedule = self.operations[at].schedule();
        self.operations.iter().filter(|operation| operation.schedule() == schedule).count() > 1
    }

    fn has_no_hole(&self) -> bool {
        let mut is_used = [false; Time::MAX as usize];
        let mut use_point = |point: Time| is_used[usize::from(point)] = true;
        for interval in &self.calendar {
            use_point(interval.start);
            use_point(interval.end);
        }
        for operation in &self.operations {
            match *operation {
                Operation::Create { interval, .. } => {
                    use_point(interval.start);
                    use_point(interval.end);
                }
                Operation::Delete { .. } => {}
                Operation::Change { start, end, .. } => start.into_iter().chain(end).for_each(&mut use_point),
            }
        }
        let used = &is_used[usize::from(FIRST)..];
        let highest = used.iter().rposition(|is_used| *is_used);
        highest.is_none_or(|highest| used[..highest].iter().all(|is_used| *is_used))
    }
}

impl Size {
    pub fn scenarios(self) -> Vec<Scenario> {
        let mut scenarios = Vec::new();
        for calendar in self.calendars() {
            let operations = self.operations(&calendar);
            self.combine(&calendar, &operations, &mut Vec::new(), &mut scenarios);
        }
        scenarios
    }

    /// All disjoint sets of at most `schedules` intervals.
    pub fn calendars(self) -> Vec<Vec<Interval>> {
        let mut calendars: Vec<Vec<Interval>> = vec![Vec::new()];
        let mut shorter = 0..1;
        for _ in 0..self.schedules {
            for at in shorter.clone() {
                let calendar = calendars[at].clone();
                let free_from = calendar.last().map_or(FIRST, |last| last.end);
                let more = self.intervals().into_iter().filter(|interval| interval.start >= free_from);
                calendars.extend(more.map(|interval| [calendar.as_slice(), &[interval]].concat()));
            }
            shorter = shorter.end..calendars.len();
        }
        calendars
    }

    pub fn intervals(self) -> Vec<Interval> {
        let last = FIRST + self.points - 1;
        (FIRST..last).flat_map(|start| (start + 1..=last).map(move |end| Interval { start, end })).collect()
    }

    /// What one writer can want, of every schedule of the calendar and of one that another writer creates.
    fn operations(self, calendar: &[Interval]) -> Vec<Operation> {
        let creates = self.intervals().into_iter().map(|interval| Operation::Create { schedule: CREATED[0], interval });
        let mut operations: Vec<Operation> = creates.collect();
        for schedule in (0..).take(calendar.len()).chain([CREATED[0]]) {
            let now = calendar.get(usize::from(schedule)).copied();
            operations.push(Operation::Delete { schedule });
            operations.extend(self.changes(schedule, now));
        }
        operations
    }

    /// A later or earlier end, another place, and the same end from another start.
    fn changes(self, schedule: Schedule, now: Option<Interval>) -> Vec<Operation> {
        let points = || FIRST..FIRST + self.points;
        let new_end = points().filter(|end| now.is_none_or(|now| *end > now.start && *end != now.end));
        let new_start = points().filter(|start| now.is_none_or(|now| *start < now.end && *start != now.start));
        let new_place = self.intervals().into_iter().filter(|place| now.is_none_or(|now| place.start != now.start));
        let change = |start, end| Operation::Change { schedule, start, end };
        new_end
            .map(|end| change(None, Some(end)))
            .chain(new_start.map(|start| change(Some(start), None)))
            .chain(new_place.map(|place| change(Some(place.start), Some(place.end))))
            .collect()
    }

    /// All multisets of `writers` operations: who is asked first makes no difference.
    fn combine(
        self,
        calendar: &[Interval],
        choices: &[Operation],
        chosen: &mut Vec<Operation>,
        scenarios: &mut Vec<Scenario>,
    ) {
        if chosen.len() == self.writers {
            let scenario = Scenario { calendar: calendar.to_vec(), operations: chosen.clone() };
            scenarios.extend(Some(scenario).filter(Scenario::has_no_hole));
            return;
        }
        for (at, choice) in choices.iter().enumerate() {
            let choice = match *choice {
                Operation::Create { interval, .. } => Operation::Create { schedule: CREATED[chosen.len()], interval },
                other => other,
            };
            let first = *chosen.first().unwrap_or(&choice);
            if choice.schedule() == CREATED[0] && !matches!(first, Operation::Create { .. }) {
                // Nobody creates the schedule that this one is about.
                continue;
            }
            chosen.push(choice);
            self.combine(calendar, &choices[at..], chosen, scenarios);
            chosen.pop();
        }
    }
}
