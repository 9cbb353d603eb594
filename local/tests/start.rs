//! What the program is told by its environment is checked when it starts.

use std::process::{Command, Output};

fn run(cors_origins: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_local"));
    command.args(arguments).env("CORS_ORIGINS", cors_origins).output().expect("the program runs")
}

#[test]
fn an_origin_that_no_browser_ever_sends_ends_the_start() {
    for wrong in ["https://studio.example/", "https://Studio.example", "https://studio.example:443", "studio.example"] {
        let output = run(&format!("https://a.example, {wrong}"), &["--listen", "127.0.0.1:0"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{wrong}");
        assert!(said.contains("CORS_ORIGINS") && said.contains(wrong), "{said}");
        assert!(output.stdout.is_empty(), "nothing was served");
    }
}

#[test]
fn origins_as_browsers_send_them_are_taken() {
    for good in ["*", "https://studio.example,http://127.0.0.1:8080", ""] {
        assert!(run(good, &["--help"]).status.success(), "{good}");
    }
}
