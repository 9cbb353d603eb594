//! What the tests measured: the rows of `docs/budgets.md`.

const BUDGETS: &str = include_str!("../../../docs/budgets.md");

/// What a call asks of the table.
pub struct Budget {
    pub reads: f64,
    pub writes: f64,
}

/// The row of a call, by its first cell.
pub fn of(call: &str) -> Budget {
    let cells = |line: &'static str| line.trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>();
    let row = BUDGETS.lines().map(cells).find(|cells| cells.first() == Some(&call));
    let Some(&[_, _, _, reads, writes, _]) = row.as_deref() else { panic!("docs/budgets.md has no row {call:?}") };
    let number = |cell: &str| cell.parse().unwrap_or_else(|_| panic!("{call}: {cell:?} is no number"));
    Budget { reads: number(reads), writes: number(writes) }
}
