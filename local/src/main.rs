//! `cargo run`: the product on this machine.

use std::ffi::OsString;
use std::process::ExitCode;

use chrono::DateTime;
use lexopt::prelude::{Long, ValueExt};
use local::{Options, Server, demo};
use shared::platform::clock::Clock;

const USAGE: &str = "\
Usage: local [--listen 127.0.0.1:3000] [--data DIR] [--now RFC3339]

  --listen ADDRESS   where to serve; port 0 picks a free one. Table and ImageFlux: same IP, or 127.0.0.1 for 0.0.0.0
  --data DIR         keep the table and the simulated ImageFlux in DIR; without it they are in memory
  --now RFC3339      the instant from which the clock runs on, e.g. 2021-10-01T00:00:00+09:00";

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("local: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), String> {
    let Some(options) = parse(std::env::args_os()).map_err(|error| format!("{error}\n\n{USAGE}"))? else {
        say(USAGE);
        return Ok(());
    };
    let server = Server::start(options).await?;
    say(&greeting(&server));
    tokio::signal::ctrl_c().await.map_err(|error| error.to_string())
}

/// `None` when only help was asked for.
fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Option<Options>, lexopt::Error> {
    let mut parser = lexopt::Parser::from_iter(arguments);
    let mut options = Options::from_env()?;
    while let Some(argument) = parser.next()? {
        match argument {
            Long("listen") => options.listen = parser.value()?.string()?,
            Long("data") => options.data = Some(parser.value()?.into()),
            Long("now") => {
                options.clock = parser
                    .value()?
                    .parse_with(DateTime::parse_from_rfc3339)
                    .map(|now| Clock::starting_at(now.into()))?;
            }
            Long("help") => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Some(options))
}

#[expect(clippy::print_stdout, reason = "these lines are for whoever started it")]
fn say(text: &str) {
    println!("{text}");
}

fn greeting(server: &Server) -> String {
    let url = server.url();
    let (table, imageflux) = (&server.table_url, &server.imageflux_url);
    let (email, password, code) = (demo::EMAIL, demo::PASSWORD, demo::ACCESS_CODE);
    format!(
        r#"ready on {url}
table on {table}
ImageFlux on {imageflux}

demo tenant: e-mail {email}, password {password}, access code {code}

try:
  TOKEN=$(curl -s {url}/api/login --json '{{"email": "{email}", "password": "{password}", "access_code": "{code}"}}' | sed 's/.*"token":"\([^"]*\)".*/\1/')
  curl -s {url}/api/schedule -H "Authorization: Bearer $TOKEN" --json '{{"name": "テスト配信", "start_datetime": "2030/10/30 12:00:00", "end_datetime": "2030/10/30 15:00:00", "imageflux_params": [{{"durationSeconds": 1, "startTimeOffset": -2, "audio": {{"bps": 64000}}}}]}}'
  curl -s {url}/api/schedule -H "Authorization: Bearer $TOKEN"
"#
    )
}
