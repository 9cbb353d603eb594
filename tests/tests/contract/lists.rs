//! Lists that no compiler reads, held against what they list.

use std::collections::BTreeSet;

use api_tests::openapi::Description;
use shared::policy::Action;

use crate::places::files_in;
use crate::{assert_none, differences, read};

const CONFIG: &str = "shared/src/platform/config.rs";

/// What stands between `from` and the next `to`.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let after = text.split_once(from).unwrap_or_else(|| panic!("no {from:?}")).1;
    after.split_once(to).unwrap_or_else(|| panic!("no {to:?} after {from:?}")).0
}

/// The texts between back-ticks.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// The first cells of a table's rows.
fn first_cells(table: &str) -> impl Iterator<Item = &str> {
    table.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next())
}

/// What stands in quotes right behind `call`, wherever that is.
fn arguments<'a>(source: &'a str, call: &str) -> impl Iterator<Item = &'a str> {
    source.split(call).skip(1).filter_map(|rest| rest.split('"').next())
}

#[test]
fn the_readme_names_every_variable_that_functions_read() {
    let source = read(CONFIG);
    let mut variables: BTreeSet<String> =
        ["var(\"", "whole_number(\""].iter().flat_map(|call| arguments(&source, call)).map(str::to_owned).collect();
    assert!(variables.len() > 10, "{variables:?}");
    for secret in arguments(&source, "secrets::find(sdk, \"") {
        variables.extend([secret.to_owned(), format!("{secret}_SECRET")]);
    }
    // The SDK reads it by itself.
    variables.insert("AWS_ENDPOINT_URL_DYNAMODB".to_owned());
    let readme = read("README.md");
    let rows = first_cells(between(&readme, "\n## Configuration\n", "\n## "));
    let named = rows.flat_map(quoted).map(str::to_owned);
    assert_none(&differences((CONFIG, variables), ("README.md", named)));
}

#[test]
fn every_test_file_is_run() {
    let mut wrong = Vec::new();
    for folder in ["api", "backends", "contract", "simulation", "store"].map(|name| format!("tests/tests/{name}")) {
        let files = files_in(&folder).into_iter().filter_map(|file| file.strip_suffix(".rs").map(str::to_owned));
        let main = read(&format!("{folder}/main.rs"));
        let modules = main.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
        let folders = files_in(&folder);
        let modules = modules.filter(|module| folders.contains(&format!("{module}.rs"))).map(str::to_owned);
        let files = files.filter(|file| file != "main");
        wrong.extend(differences((&folder, files), (&format!("{folder}/main.rs"), modules)));
    }
    assert_none(&wrong);
}

/// What is not in `ALL` is in no test that goes through it.
#[test]
fn all_actions_are_all_that_there_are() {
    let source = read("shared/src/policy/mod.rs");
    let variants = between(&source, "pub enum Action {", "\n}").lines().map(str::trim);
    let variants = variants.filter_map(|line| line.strip_suffix(',')).map(str::to_owned);
    let all = Action::ALL.iter().map(|action| format!("{action:?}"));
    assert_none(&differences(("enum Action", variants), ("Action::ALL", all)));
}

#[test]
fn the_chart_of_the_table_says_who_writes() {
    let functions = files_in("functions");
    let mut charted = BTreeSet::new();
    let keys = read("shared/src/store/keys.rs");
    for row in keys.lines().filter_map(|line| line.strip_prefix("//! | ")) {
        let cells: Vec<&str> = row.trim_end_matches(" |").split(" | ").collect();
        let [_, key, _, writers] = cells[..] else { panic!("not four cells: {row}") };
        for key in quoted(key) {
            let writers = writers.split(", ").filter(|writer| functions.contains(*writer));
            charted.extend(writers.map(|function| format!("{function} writes {}", item(key))));
        }
    }
    let matrix = read("docs/iam-matrix.txt");
    let granted = matrix.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let granted =
        granted.filter(|words| words.iter().any(|word| ["PutItem", "UpdateItem", "DeleteItem"].contains(word)));
    let granted = granted.map(|words| format!("{} writes {}", words[0], item(words[1])));
    // Of the trail the chart says in words that whoever makes a change writes it.
    let granted = granted.filter(|grant| !grant.ends_with(" AUDIT"));
    assert_none(&differences(("the chart of keys.rs", charted), ("docs/iam-matrix.txt", granted)));
}

/// `RATE#LOGIN` of `RATE#LOGIN#<digest>`, `CAL` of `CAL#*`: the words with which a key begins.
fn item(key: &str) -> String {
    let is_word = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_uppercase());
    key.split('#').take_while(is_word).collect::<Vec<_>>().join("#")
}

#[test]
fn the_description_says_of_every_call_who_may() {
    let description = read("openapi.yaml");
    let table = between(&description, "\n    ## 権限\n", "\n    ## ");
    let mut named = BTreeSet::new();
    for row in table.lines().filter_map(|line| line.trim().strip_prefix("| ")).skip(2) {
        let calls = row.split(" | ").nth(1).unwrap_or_else(|| panic!("{row} has one cell"));
        // "`GET`・`POST /api/chat`" is two calls of one path.
        let mut methods = Vec::new();
        for quote in quoted(calls) {
            let Some((method, path)) = quote.split_once(' ') else {
                methods.push(quote);
                continue;
            };
            methods.push(method);
            named.extend(methods.drain(..).map(|method| format!("{method} {path}")));
        }
        assert_eq!(methods, Vec::<&str>::new(), "methods without a path: {row}");
    }
    let without_key =
        |path: &str| path.split_once('{').map_or_else(|| path.to_owned(), |(start, _)| format!("{start}…"));
    let operations = Description::get().operations();
    let calls = operations.iter().map(|call| format!("{} {}", call.method, without_key(&call.path)));
    assert_none(&differences(("openapi.yaml", calls), ("its table of who may", named)));
}
