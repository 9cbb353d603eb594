//! Values and answers held against the schemas of `openapi.yaml`.

use api_tests::Answer;
use api_tests::openapi::{Description, Operation};
use serde_json::{Value, json};

pub trait Schemas {
    /// Whatever is wrong with a value by a schema, a line each.
    fn violations(&self, schema: &Value, value: &Value) -> Vec<String>;
    /// Whatever an answer has that its description has not, or the other way round.
    fn disagreements(&self, operation: &Operation, answer: &Answer) -> Vec<String>;
}

impl Schemas for Description {
    fn violations(&self, schema: &Value, value: &Value) -> Vec<String> {
        let schema = json!({"allOf": [schema], "components": {"schemas": self.at("/components/schemas")}});
        let validator = jsonschema::draft202012::new(&schema).expect("a schema");
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
    }

    fn disagreements(&self, operation: &Operation, answer: &Answer) -> Vec<String> {
        let status = answer.status.as_u16();
        let call = format!("{} {} answers {status}", operation.method, operation.path);
        let Some((_, response)) = operation.responses.iter().find(|(known, _)| *known == status) else {
            return vec![format!("{call}, which openapi.yaml does not name: {}", answer.text)];
        };
        let content_type = answer.header("content-type");
        let mut wrong = match response["content"].get(&content_type) {
            Some(content) if content_type.contains("json") => self.violations(&content["schema"], &answer.json()),
            Some(content) => self.violations(&content["schema"], &json!(answer.text)),
            None if response["content"].is_null() && content_type.is_empty() && answer.text.is_empty() => Vec::new(),
            None => vec![format!("content type {content_type:?}, which openapi.yaml does not name")],
        };
        for (name, header) in response["headers"].as_object().into_iter().flatten() {
            let header = self.resolve(header);
            match answer.headers.get(name).map(|value| value.to_str().expect("ASCII")) {
                Some(text) => wrong.extend(self.violations(&header["schema"], &as_value(text, &header["schema"]))),
                None if header["required"] == true => wrong.push(format!("header {name} is missing")),
                None => {}
            }
        }
        wrong.into_iter().map(|line| format!("{call}: {line}: {}", answer.text)).collect()
    }
}

fn as_value(text: &str, schema: &Value) -> Value {
    match text.parse::<i64>() {
        Ok(number) if schema["type"] == "integer" => json!(number),
        _ => json!(text),
    }
}
