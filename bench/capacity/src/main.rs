//! Prints the figures of `docs/capacity.md`; a test compares the two.

#![expect(clippy::print_stdout, reason = "it is what this program is for")]

mod broadcast;
mod budgets;
mod limits;

use broadcast::{Broadcast, Cost};

/// Viewers, and the seconds they pause between two polls.
const VIEWERS: [(f64, f64); 4] = [(1_000.0, 2.0), (10_000.0, 2.0), (100_000.0, 2.0), (100_000.0, 10.0)];
const MESSAGES: [f64; 2] = [0.0, 20.0];

fn main() {
    println!("{}", tables().join("\n"));
}

fn tables() -> [String; 3] {
    [load(), limits::table(), costs()]
}

fn broadcasts() -> impl Iterator<Item = Broadcast> {
    MESSAGES.into_iter().flat_map(|messages| VIEWERS.map(|(viewers, pause)| Broadcast { viewers, messages, pause }))
}

fn load() -> String {
    let head = [
        "viewers",
        "messages/s",
        "pause, s",
        "polls/s",
        "environments, at most",
        "reads/s of each shared key",
        "read units/s of the chat's key",
        "read units/s in all",
        "write units/s",
    ];
    let rows = broadcasts().map(|it| {
        let figures = [
            it.viewers,
            it.messages,
            it.pause,
            it.polls(),
            it.environments(),
            it.refreshes(),
            it.chat_units(),
            it.read_units(),
            it.write_units(),
        ];
        figures.map(whole).to_vec()
    });
    table(&head, rows)
}

fn costs() -> String {
    let head = [
        "viewers",
        "messages/s",
        "pause, s",
        "requests",
        "compute",
        "table",
        "logs, traces",
        "Lambda's own lines",
        "transfer",
        "in all, $",
        "without Lambda's own lines, $",
    ];
    let rows = broadcasts().map(|it| {
        let cost = it.cost();
        let Cost { requests, compute, table, logs, platform_logs, transfer } = cost;
        let sums = [cost.total(), cost.total() - platform_logs];
        let parts = [&[requests, compute, table, logs, platform_logs, transfer][..], &sums].concat();
        let parts: Vec<_> = parts.into_iter().map(dollars).collect();
        [[it.viewers, it.messages, it.pause].map(whole).to_vec(), parts].concat()
    });
    table(&head, rows)
}

fn table(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let rule = vec!["---".to_owned(); head.len()];
    let head: Vec<String> = head.iter().map(|cell| (*cell).to_owned()).collect();
    let rows: String = rows.map(|row| line(&row)).collect();
    line(&head) + &line(&rule) + &rows
}

/// With a comma between thousands.
fn whole(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn dollars(amount: f64) -> String {
    if amount < 10.0 { format!("{amount:.2}") } else { whole(amount) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = include_str!("../../../docs/capacity.md");

    #[test]
    fn the_document_has_the_figures_of_this_program() {
        for table in tables() {
            assert!(DOCUMENT.contains(&table), "docs/capacity.md lacks\n{table}");
        }
    }

    #[test]
    fn a_hundred_thousand_who_pause_for_ten_seconds_read_each_shared_key_less_than_a_thousand_times_a_second() {
        let broadcast = Broadcast { viewers: 100_000.0, messages: 20.0, pause: 10.0 };
        assert!(broadcast.refreshes() < 1_000.0);
    }

    #[test]
    fn thousands_are_parted() {
        assert_eq!([0.0, 999.0, 1_000.0, 1_234_567.0].map(whole), ["0", "999", "1,000", "1,234,567"]);
    }
}
