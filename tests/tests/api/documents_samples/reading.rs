//! The customer's document as it came, and its fifteen calls with what it prints for each.

use serde_json::{Map, Value};

const DOCUMENT: &str = include_str!("document.txt");

/// A call as the document has it.
#[derive(Debug)]
pub struct Call {
    /// `POST /api/login`.
    pub name: String,
    pub parameters: Vec<Parameter>,
    /// The sample answer.
    pub answer: Value,
}

/// A row of the table of parameters.
#[derive(Debug)]
pub struct Parameter {
    pub name: String,
    /// `string`, `integer`, `boolean`, `datetime` or `json`.
    pub kind: String,
    /// The sample value.
    pub sample: Value,
}

impl Call {
    pub fn named(name: &str) -> Self {
        let mut calls = calls();
        let index = calls.iter().position(|call| call.name == name);
        calls.swap_remove(index.unwrap_or_else(|| panic!("{name} is in the document")))
    }

    /// All parameters with their sample values.
    pub fn request(&self) -> Value {
        let members = self.parameters.iter().map(|row| (row.name.clone(), row.sample.clone()));
        Value::Object(members.collect::<Map<_, _>>())
    }
}

pub fn calls() -> Vec<Call> {
    let lines: Vec<&str> = DOCUMENT.lines().collect();
    let starts: Vec<usize> = (0..lines.len()).filter(|&index| lines[index] == "Path").collect();
    let ends = starts.iter().skip(1).copied().chain([lines.len()]);
    starts.iter().zip(ends).map(|(&start, end)| call(&lines[start..end])).collect()
}

/// One call, from the line `Path` on.
fn call(lines: &[&str]) -> Call {
    let answer = lines.iter().position(|line| *line == "Response").expect("an answer");
    let (request, response) = lines.split_at(answer);
    Call {
        name: lines[2].to_owned(),
        parameters: request.iter().filter_map(|line| parameter(line, request)).collect(),
        answer: sample_in(response),
    }
}

/// A row: name, type, perhaps a mark and a rule, and at the end the sample.
fn parameter(line: &str, request: &[&str]) -> Option<Parameter> {
    let (name, rest) = line.split_once(' ')?;
    let (kind, rest) = rest.split_once(' ')?;
    let last = rest.rsplit(' ').next()?;
    let sample = match kind {
        "string" => Value::from(last),
        "integer" | "boolean" => serde_json::from_str(last).ok()?,
        // The only samples that have a space in them.
        "datetime" => Value::from(rest.get(rest.len().checked_sub(19)?..)?),
        "json" => sample_in(request),
        _ => return None,
    };
    Some(Parameter { name: name.to_owned(), kind: kind.to_owned(), sample })
}

/// The first block of JSON: from a line that is `{` or `[` to the line that closes it.
fn sample_in(lines: &[&str]) -> Value {
    let start = lines.iter().position(|line| matches!(*line, "{" | "[")).expect("a sample");
    let close = if lines[start] == "{" { '}' } else { ']' };
    let length = lines[start..].iter().position(|line| line.starts_with(close)).expect("the sample ends");
    let text = as_json(&lines[start..=start + length].join("\n"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"))
}

/// The document writes `=>` for `:`, a comma after the last member, one text in `'`, and one without any quotes.
fn as_json(text: &str) -> String {
    let text = text.replace("=>", ":").replace('\'', "\"").replace(" xxxxxxxxx,", " \"xxxxxxxxx\",");
    let mut out = String::new();
    for (index, character) in text.char_indices() {
        let next = text[index + character.len_utf8()..].trim_start().chars().next();
        if !(character == ',' && matches!(next, None | Some('}' | ']'))) {
            out.push(character);
        }
    }
    out
}

#[test]
fn the_document_has_fifteen_calls_with_thirty_four_parameters() {
    let calls = calls();
    let parameters: Vec<usize> = calls.iter().map(|call| call.parameters.len()).collect();
    assert_eq!(parameters, [3, 0, 4, 4, 1, 1, 1, 0, 7, 7, 1, 1, 1, 1, 2]);
    let names: Vec<&str> = calls.iter().map(|call| call.name.as_str()).collect();
    assert_eq!((names[0], names[14]), ("POST /api/login", "POST /api/chat"));
}
