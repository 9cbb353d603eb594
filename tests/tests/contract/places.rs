//! A call is in many places. Each of them names the same calls, and every code has one status.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use shared::http::refusal::KINDS;

use crate::{assert_none, differences, read, root};
use api_tests::openapi::{Description, Operation, examples_of, list, object};

use crate::schemas::Schemas;

const DESCRIPTION: &str = "openapi.yaml";

/// Method and path, such as `POST /api/login`.
fn calls<'a>(operations: impl IntoIterator<Item = &'a Operation>) -> BTreeSet<String> {
    operations.into_iter().map(|operation| format!("{} {}", operation.method, operation.path)).collect()
}

pub fn by_function() -> BTreeMap<String, Vec<Operation>> {
    let mut functions: BTreeMap<String, Vec<Operation>> = BTreeMap::new();
    for operation in Description::get().operations() {
        functions.entry(operation.tag.clone()).or_default().push(operation);
    }
    functions
}

pub fn files_in(folder: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn every_route_table_names_the_calls_of_its_function() {
    let mut wrong = Vec::new();
    let described = by_function();
    for (function, routes) in local::functions::API {
        let calls = described.get(*function).into_iter().flatten();
        let calls = calls.map(|call| format!("{} {} => {}", call.method, call.path, call.id));
        let routed = routes.iter().map(|route| format!("{} {} => {}", route.method, route.path, route.operation));
        wrong.extend(differences((DESCRIPTION, calls), (&format!("the routes of {function}"), routed)));
    }
    let functions = local::functions::API.iter().map(|(function, _)| (*function).to_owned());
    wrong.extend(differences((DESCRIPTION, described.into_keys()), ("local/src/functions.rs", functions)));
    assert_none(&wrong);
}

#[test]
fn every_call_has_a_file_that_handles_it_and_an_event() {
    let mut wrong = Vec::new();
    for (function, operations) in by_function() {
        let ids = || operations.iter().map(|operation| operation.id.clone());
        let folder = format!("functions/{function}/src");
        let mut files = files_in(&folder);
        files.retain(|file| file != "lib.rs" && file != "main.rs");
        wrong.extend(differences((DESCRIPTION, ids().map(|id| format!("{id}.rs"))), (&folder, files)));
        let library = read(&format!("{folder}/lib.rs"));
        let modules =
            library.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';').map(str::to_owned));
        wrong.extend(differences((DESCRIPTION, ids()), (&format!("the modules of {folder}/lib.rs"), modules)));

        let folder = format!("events/{function}");
        let events = files_in(&folder).into_iter().filter_map(|file| file.split('.').next().map(str::to_owned));
        wrong.extend(differences((DESCRIPTION, ids()), (&folder, events)));
        for Operation { id, method, path, .. } in &operations {
            let file = format!("{folder}/{id}.json");
            let Ok(event) = std::fs::read_to_string(root().join(&file)) else { continue };
            let event: Value = serde_json::from_str(&event).expect("an event is JSON");
            let http = &event["requestContext"]["http"];
            let route = format!("{method} {}", gateway_path(path));
            let is_there = event["rawPath"].as_str().is_some_and(|raw| is_at(path, raw));
            if http["method"] != *method || !is_there || event["routeKey"] != route {
                wrong.push(format!("{file} is {http} by the route {}, not {route}", event["routeKey"]));
            }
            if event["version"] != "2.0" {
                wrong.push(format!("{file} is no event of version 2.0"));
            }
        }
    }
    assert_none(&wrong);
}

#[test]
fn the_template_has_an_event_for_every_call_and_for_wrong_methods() {
    // It names a few things very often, and nobody else writes it.
    let trusting = serde_saphyr::options! { budget: serde_saphyr::budget! { enforce_alias_anchor_ratio: false } };
    let template = serde_saphyr::from_str_with_options(&read("template.yaml"), trusting);
    let template: Value = template.expect("template.yaml is YAML");
    let mut wrong = Vec::new();
    for (function, operations) in by_function() {
        let mut described: BTreeSet<String> = operations
            .iter()
            .map(|call| format!("{}: {} {}", camel(&call.id), call.method, gateway_path(&call.path)))
            .collect();
        described.extend(operations.iter().map(|call| format!("Any: ANY {}", gateway_path(&call.path))));
        let resource = format!("{}Function", camel(&function));
        let mut events = BTreeSet::new();
        for (name, event) in object(&template["Resources"][&resource]["Properties"]["Events"]) {
            let text = |member: &str| event["Properties"][member].as_str().unwrap_or_default();
            let name = if text("Method") == "ANY" { "Any" } else { name };
            events.insert(format!("{name}: {} {}", text("Method"), text("Path")));
        }
        let nobodys_path = events.remove("EverythingElse:  ");
        if nobodys_path != (local::functions::behind("/nobodys/path") == function) {
            wrong.push(format!("{resource}: what is nobody's path goes to another function than locally"));
        }
        wrong.extend(differences((DESCRIPTION, described), (&format!("{resource} of template.yaml"), events)));
    }
    assert_none(&wrong);
}

/// API Gateway knows parameters that are whole segments: `/watch/{key}.m3u8` becomes `/watch/{key}`.
fn gateway_path(path: &str) -> String {
    let segment = |segment: &str| {
        segment.split_inclusive('}').next().filter(|name| name.ends_with('}')).unwrap_or(segment).to_owned()
    };
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

/// Whether a path is one of those that a path with parameters stands for.
fn is_at(path: &str, raw: &str) -> bool {
    let (before, after) =
        path.split_once('{').map_or((path, ""), |(before, rest)| (before, rest.split_once('}').unwrap_or_default().1));
    raw.strip_prefix(before).is_some_and(|rest| rest.ends_with(after) && rest.is_empty() != path.contains('{'))
}

/// `list_users` becomes `ListUsers`.
pub fn camel(name: &str) -> String {
    let words = name.split(['_', '-']).filter(|word| !word.is_empty());
    words.map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}

#[test]
fn the_readme_lists_every_call() {
    let readme = read("README.md");
    let listed = readme.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next().map(str::to_owned));
    let listed = listed.filter(|call| call.contains(" /"));
    let operations = Description::get().operations();
    assert_none(&differences((DESCRIPTION, calls(&operations)), ("README.md", listed)));
}

/// A file of its name, in which it is called.
#[test]
fn every_call_has_a_test() {
    let folder = "tests/tests/api";
    let files = files_in(folder);
    let tested = |operation: &&Operation| {
        let Operation { id, method, path, .. } = operation;
        let file = format!("{id}.rs");
        let source = if files.contains(&file) { read(&format!("{folder}/{file}")) } else { String::new() };
        let verb = method.to_lowercase();
        ["\"", "&format!(\""].iter().any(|quote| source.contains(&format!(".{verb}({quote}{path}")))
            || source.contains(&format!("let path = format!(\"{path}")) && source.contains(&format!(".{verb}(&path)"))
    };
    let operations = Description::get().operations();
    let tested = calls(operations.iter().filter(tested));
    assert_none(&differences((DESCRIPTION, calls(&operations)), ("the files of tests/tests/api", tested)));
}

#[test]
fn every_code_has_the_same_status_everywhere() {
    let description = Description::get();
    let in_code: BTreeSet<(u16, String)> =
        KINDS.iter().map(|kind| (kind.status.as_u16(), kind.code.to_owned())).collect();
    let in_text: BTreeSet<(u16, String)> = table_of_codes(description.at("/info/description").as_str().unwrap());
    let mut wrong = differences(("shared/src/http/refusal.rs", &in_code), ("the table of openapi.yaml", &in_text));

    let listed = list(description.at("/components/schemas/Code/enum")).map(|code| code.as_str().unwrap());
    let known = in_code.iter().map(|(_, code)| code.as_str());
    wrong.extend(differences(("shared/src/http/refusal.rs", known), ("the schema Code of openapi.yaml", listed)));

    // No call answers these two: they are for what is no call.
    let answered = in_code.iter().filter(|(status, code)| *status != 405 && code != "route_not_found");
    let described = description.codes();
    wrong.extend(differences(
        ("shared/src/http/refusal.rs", answered),
        ("the responses of openapi.yaml", described.iter()),
    ));
    assert_none(&wrong);
}

/// Lines such as ``| 400 | `malformed_request` |``.
fn table_of_codes(text: &str) -> BTreeSet<(u16, String)> {
    let mut codes = BTreeSet::new();
    for line in text.lines() {
        let mut cells = line.trim_matches('|').split('|');
        let Some(Ok(status)) = cells.next().map(|cell| cell.trim().parse::<u16>()) else { continue };
        let words = cells.next().unwrap_or_default().split('`').skip(1).step_by(2);
        let is_code = |word: &&str| word.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_');
        codes.extend(words.filter(is_code).map(|code| (status, code.to_owned())));
    }
    codes
}

#[test]
fn every_rule_that_a_field_can_break_is_listed() {
    let source = read("shared/src/domain/invalid.rs");
    let rules =
        source.lines().filter_map(|line| line.trim().strip_prefix("Self::")?.split_once("=> \"")?.1.split('"').next());
    // Only the operator types what must look like an id or an IP address.
    let rules = rules.filter(|rule| !["not_an_id", "not_an_ip_address"].contains(rule));
    let listed = list(Description::get().at("/components/schemas/FieldError/properties/code/enum"));
    let listed = listed.map(|rule| rule.as_str().unwrap());
    assert_none(&differences(
        ("shared/src/domain/invalid.rs", rules),
        ("the schema FieldError of openapi.yaml", listed),
    ));
}

/// Else a member that the product answers and nobody described would go unnoticed.
#[test]
fn no_answer_may_have_members_that_are_not_described() {
    let mut wrong = Vec::new();
    for operation in Description::get().operations() {
        for (status, response) in &operation.responses {
            let of = format!("{status} of {}", operation.id);
            for media in response["content"].as_object().into_iter().flat_map(serde_json::Map::values) {
                open_objects(&media["schema"], &of, &mut wrong);
            }
        }
    }
    assert_none(&wrong);
}

fn open_objects(schema: &Value, of: &str, wrong: &mut Vec<String>) {
    let schema = Description::get().resolve(schema);
    if schema["type"] == "object" && schema["additionalProperties"] != false {
        wrong.push(format!("{of}: additionalProperties: false is missing in {schema}"));
    }
    let members = schema["properties"].as_object().into_iter().flat_map(|members| members.values());
    for part in members.chain(list(&schema["allOf"])).chain(schema.get("items")) {
        open_objects(part, of, wrong);
    }
}

#[test]
fn the_examples_of_answers_are_such_answers() {
    let description = Description::get();
    let mut wrong = Vec::new();
    for operation in description.operations() {
        for (status, response) in &operation.responses {
            for media in response["content"].as_object().into_iter().flat_map(serde_json::Map::values) {
                let examples = examples_of(description, media);
                if examples.is_empty() {
                    wrong.push(format!("{status} of {} has no example", operation.id));
                }
                let violations = examples.iter().flat_map(|example| description.violations(&media["schema"], example));
                wrong.extend(violations.map(|line| format!("the example of {status} of {}: {line}", operation.id)));
            }
        }
    }
    assert_none(&wrong);
}
