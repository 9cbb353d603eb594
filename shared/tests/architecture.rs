//! Which module may name which: read from the sources, so that an arrow against the map is red.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Module by module, the modules of this crate that it may name beside itself.
const MAY_NAME: &[(&str, &[&str])] = &[
    ("platform", &[]),
    ("domain", &[]),
    ("policy", &["domain"]),
    ("table", &["platform"]),
    ("crypto", &["domain", "platform"]),
    ("imageflux", &["domain", "platform"]),
    ("store", &["domain", "table"]),
    ("app", &["crypto", "domain", "imageflux", "platform", "policy", "store", "table"]),
    ("operations", &["app", "crypto", "domain", "imageflux", "platform", "policy", "store", "table"]),
    ("http", &["app", "crypto", "domain", "operations", "platform"]),
    ("lambda", &["app", "http", "platform"]),
];

/// What belongs to the store: how items are found, and what must hold of them. Operations compose its writes.
const THE_STORES_OWN: [&str; 8] =
    ["Condition", "Change::", "Effect", "Value::S", "Value::N", "keys::", "table::Key", "Item"];

#[test]
fn modules_name_only_what_the_map_lets_them() {
    let mut wrong = Vec::new();
    for file in sources(&root().join("src")) {
        let Some(module) = module_of(&file) else { continue };
        let (_, allowed) = MAY_NAME
            .iter()
            .find(|(name, _)| *name == module)
            .unwrap_or_else(|| panic!("{module} has no place in the map"));
        for named in names_of_ours(&fs::read_to_string(&file).unwrap()) {
            if named != module && !allowed.contains(&named.as_str()) {
                wrong.push(format!("{} names {named}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "against the map:\n{}", wrong.join("\n"));
}

#[test]
fn only_the_table_sees_the_sdk_and_only_the_keys_know_prefixes() {
    let prefixes = prefixes();
    let mut wrong = Vec::new();
    for file in sources(&root().join("src")) {
        let text = fs::read_to_string(&file).unwrap();
        if text.contains("aws_sdk_dynamodb") && !in_the_table(&file) {
            wrong.push(format!("{} sees the SDK", file.display()));
        }
        if prefixes.iter().any(|prefix| text.contains(prefix)) && !file.ends_with("store/keys.rs") {
            wrong.push(format!("{} knows a prefix", file.display()));
        }
    }
    assert!(wrong.is_empty(), "against the map:\n{}", wrong.join("\n"));
}

/// The start of every partition key, as the file of keys writes it: a quote, capitals, and the sign behind them.
fn prefixes() -> BTreeSet<String> {
    let keys = fs::read_to_string(root().join("src/store/keys.rs")).unwrap();
    let texts = keys.lines().filter(|line| !line.starts_with("//")).flat_map(|line| line.split('"').skip(1).step_by(2));
    let start = |text: &str| text.split_once('#').map(|(start, _)| start.to_owned());
    let prefixes: BTreeSet<String> = texts
        .filter_map(start)
        .filter(|start| !start.is_empty() && start.bytes().all(|byte| byte.is_ascii_uppercase()))
        .map(|start| format!("\"{start}#"))
        .collect();
    let chart =
        keys.lines().filter(|line| line.starts_with("//! | ")).flat_map(|line| line.split('`')).filter_map(start);
    for charted in chart.filter(|start| !start.is_empty() && start.bytes().all(|byte| byte.is_ascii_uppercase())) {
        assert!(prefixes.contains(&format!("\"{charted}#")), "{charted} stands in the chart and is no key");
    }
    assert!(prefixes.len() >= 11, "{prefixes:?}");
    prefixes
}

#[test]
fn operations_know_no_key_and_no_condition() {
    for file in sources(&root().join("src/operations")) {
        let text = code_of(&fs::read_to_string(&file).unwrap());
        for forbidden in THE_STORES_OWN {
            let named = text
                .split(forbidden)
                .skip(1)
                .zip(text.split(forbidden))
                .any(|(_, before)| !before.ends_with(|c: char| c.is_alphanumeric() || c == '_'));
            assert!(!named, "{} names {forbidden}, which is the store's", file.display());
        }
    }
}

/// The one client of DynamoDB: a file and its folder.
fn in_the_table(file: &Path) -> bool {
    file.with_extension("").ancestors().any(|path| path.ends_with("table/dynamodb"))
}

#[test]
fn functions_hold_no_status_and_no_key() {
    for file in sources(&root().join("../functions")) {
        let text = fs::read_to_string(&file).unwrap();
        for forbidden in ["StatusCode", "shared::table", "store::keys"] {
            assert!(!text.contains(forbidden), "{} names {forbidden}", file.display());
        }
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

/// The top-level module that a file belongs to; the list of modules itself belongs to none.
fn module_of(file: &Path) -> Option<String> {
    let inside = file.strip_prefix(root().join("src")).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_string_lossy();
    let module = first.trim_end_matches(".rs").to_owned();
    (module != "lib").then_some(module)
}

fn code_of(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

fn names_of_ours(text: &str) -> Vec<String> {
    code_of(text)
        .split("crate::")
        .skip(1)
        .map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect())
        .collect()
}
