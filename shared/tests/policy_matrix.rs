//! The policy as a table, compared with the one that was checked in: a rule cannot change unseen.

use std::fmt::Write;

use shared::domain::permission::{Permission, Permissions};
use shared::policy::{self, Action};

const CHECKED_IN: &str = include_str!("policy_matrix.txt");

/// All sixteen, from nobody to everything.
fn subsets() -> impl Iterator<Item = Permissions> {
    (0..1 << Permission::ALL.len()).map(|bits: u32| {
        let is_held = |(index, _): &(usize, Permission)| bits & (1 << index) != 0;
        Permission::ALL.into_iter().enumerate().filter(is_held).map(|(_, permission)| permission).collect()
    })
}

fn letters(permissions: Permissions) -> String {
    let letter = |permission: Permission| {
        if permissions.include(permission) { permission.name().chars().next().expect("a letter") } else { '-' }
    };
    Permission::ALL.map(letter).iter().collect()
}

fn render() -> String {
    let mut table =
        String::from("Who may do what: d delivery, v view, s schedule, u user. The last column is the master.\n\n");
    let mut row = |name: &str, cells: Vec<String>| {
        writeln!(table, "{name:<18} {}", cells.join(" ")).expect("a string takes it");
    };
    row("", subsets().map(letters).chain(["mast".to_owned()]).collect());
    for action in Action::ALL {
        let cell =
            |permissions, is_master| if policy::allows(permissions, is_master, action) { " yes" } else { "   ." };
        let cells = subsets().map(|permissions| cell(permissions, false)).chain([cell(Permissions::ALL, true)]);
        row(&format!("{action:?}"), cells.map(str::to_owned).collect());
    }
    row("posts in 5 s", subsets().map(|held| format!("{:>4}", policy::posts_in_five_seconds(held))).collect());
    table
}

#[test]
fn the_policy_is_the_one_that_was_checked_in() {
    let rendered = render();
    assert!(rendered == CHECKED_IN, "shared/tests/policy_matrix.txt should be\n{rendered}");
}

#[test]
fn more_permissions_never_allow_less() {
    for action in Action::ALL {
        for held in subsets().filter(|held| policy::allows(*held, false, action)) {
            for more in subsets() {
                let either = |permission: &Permission| held.include(*permission) || more.include(*permission);
                let both = Permission::ALL.into_iter().filter(either).collect();
                assert!(policy::allows(both, false, action), "{action:?} with {}", letters(both));
            }
        }
    }
}
