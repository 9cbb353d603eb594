//! A function is in many places. Each of them names every folder under `functions/`.

use crate::assert_none;
use crate::places::{by_function, camel, files_in};
use crate::read;

#[test]
fn every_function_is_wherever_functions_are_listed() {
    let mut wrong = Vec::new();
    let behind_the_api = by_function();
    for function in files_in("functions") {
        let resource = format!("{}Function", camel(&function));
        let mut places = vec![
            ("template.yaml", format!("\n  {resource}:")),
            ("local/template.yaml", format!("\n  {resource}:")),
            ("docs/iam-matrix.txt", format!("\n{function} ")),
            ("README.md", format!("\nsam local invoke {resource} ")),
            (".ci/emulator/events.py", format!("\n    (\"{function}/")),
        ];
        if behind_the_api.contains_key(&function) {
            places.push(("bench/measure.py", format!("\n    (\"{function}\", ")));
        }
        let missing = places.iter().filter(|(file, line)| !read(file).contains(line));
        wrong.extend(missing.map(|(file, line)| format!("{file} has no line {:?} for {function}", line.trim())));
        if local::functions::named(&function).is_none() {
            wrong.push(format!("the local server has no function {function}"));
        }
        if files_in(&format!("events/{function}")).is_empty() {
            wrong.push(format!("events/{function} has no event"));
        }
    }
    assert_none(&wrong);
}
