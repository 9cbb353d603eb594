//! One broadcast of two hours: what it asks of each part of the system, and what it costs.

use crate::budgets;

pub const SECONDS: f64 = 7_200.0;
/// Lambda: "Each instance of your execution environment can serve up to 10 requests per second."
pub const REQUESTS_OF_AN_ENVIRONMENT: f64 = 10.0;
/// What a refresh of the newest messages reads again: five seconds until they are settled, and one since the last refresh.
const SECONDS_OF_A_REFRESH: f64 = 6.0;
/// A message in the table: keys 118 bytes, name and text of some 10 characters each in Japanese, and their names.
const MESSAGE_ITEM: f64 = 190.0;
const UNIT: f64 = 4_096.0;
/// An answer without messages, with its headers; and what each message adds to an answer under gzip (200 messages of a
/// Japanese chat: 36,840 bytes, 8,613 under gzip).
const EMPTY_ANSWER: f64 = 1_000.0;
const MESSAGE_UNDER_GZIP: f64 = 43.0;
/// How often somebody who waits for the start asks for the address of the video.
const VIEWS: f64 = 13.0;

/// US dollars in Tokyo, for a million or a GB (docs/operations.md, "What it costs").
const REQUESTS: f64 = 1.29 + 0.20;
const READ_UNITS: f64 = 0.1425;
const WRITE_UNITS: f64 = 0.715;
const GB_SECONDS: f64 = 13.33;
const LOGS: f64 = 0.76;
const TRANSFER: f64 = 0.114;
const TRACES: f64 = 0.25;
/// Bytes of logs for each request, with the 26 that each line costs besides: the gateway's line; Lambda's own two, which
/// `SystemLogLevel` WARN leaves out when all went well; and that of the function, which writes down one poll in so many.
const GATEWAY_BYTES: f64 = 225.0;
const PLATFORM_BYTES: f64 = 600.0;
const LINE_BYTES: f64 = 450.0;
const LOG_POLLS_EVERY: f64 = 20.0;
/// Seconds after which an environment exchanges with the table how hard polls press: one unit to read, one to write.
const EXCHANGE: f64 = 10.0;
/// Seconds that a call takes, and the memory of its function in GB.
const POLL: f64 = 0.008 * 0.5;
const POST: f64 = 0.015 * 0.5;
const LOGIN: f64 = 0.070 * 1.0;

#[derive(Clone, Copy)]
pub struct Broadcast {
    pub viewers: f64,
    /// Messages a second.
    pub messages: f64,
    /// Seconds between two polls of one viewer.
    pub pause: f64,
}

impl Broadcast {
    pub fn polls(self) -> f64 {
        self.viewers / self.pause
    }

    /// At the most: Lambda may need one for every ten requests a second.
    pub fn environments(self) -> f64 {
        (self.polls() / REQUESTS_OF_AN_ENVIRONMENT).ceil()
    }

    /// How often all environments together read what all viewers share, a second. Each waits a second, and then for
    /// somebody to ask.
    pub fn refreshes(self) -> f64 {
        let asked = self.polls() / self.environments();
        self.environments() * asked / (1.0 + asked)
    }

    /// Read units of one refresh of the newest messages.
    pub fn units_of_a_refresh(self) -> f64 {
        (self.messages * SECONDS_OF_A_REFRESH * MESSAGE_ITEM / UNIT).ceil().max(1.0)
    }

    /// Read units a second of the chat, which is one key.
    pub fn chat_units(self) -> f64 {
        self.refreshes() * self.units_of_a_refresh()
    }

    /// Read units a second: each poll its own standing; each environment schedule, newest messages, and every other second
    /// the tenant, and every ten seconds how hard polls press.
    pub fn read_units(self) -> f64 {
        let own = budgets::of("GET /api/chat, nothing new, another reader within the second").reads;
        self.polls() * own + self.chat_units() + self.refreshes() * 1.5 + self.environments() / EXCHANGE
    }

    pub fn write_units(self) -> f64 {
        self.messages * budgets::of("POST /api/chat").writes + self.environments() / EXCHANGE
    }

    pub fn cost(self) -> Cost {
        let (login, view, post) = (
            budgets::of("POST /api/login"),
            budgets::of("GET /api/view, another viewer within the second"),
            budgets::of("POST /api/chat"),
        );
        let (polls, posts, views) = (self.polls() * SECONDS, self.messages * SECONDS, self.viewers * VIEWS);
        let requests = polls + posts + views + self.viewers;
        let reads = self.read_units() * SECONDS + posts * post.reads + views * view.reads + self.viewers * login.reads;
        let writes = self.write_units() * SECONDS + self.viewers * login.writes;
        let lines = requests - (polls + views) * (1.0 - 1.0 / LOG_POLLS_EVERY);
        let log_bytes = requests * GATEWAY_BYTES + lines * LINE_BYTES;
        let bytes = requests * EMPTY_ANSWER + self.viewers * posts * MESSAGE_UNDER_GZIP;
        let seconds = (polls + views) * POLL + posts * POST + self.viewers * LOGIN;
        Cost {
            requests: requests * REQUESTS / 1e6,
            compute: seconds * GB_SECONDS / 1e6,
            table: (reads * READ_UNITS + writes * WRITE_UNITS) / 1e6,
            logs: log_bytes / 1e9 * LOGS + requests * TRACES / 1e6,
            platform_logs: requests * PLATFORM_BYTES / 1e9 * LOGS,
            transfer: bytes / 1e9 * TRANSFER,
        }
    }
}

/// US dollars for the two hours.
pub struct Cost {
    pub requests: f64,
    pub compute: f64,
    pub table: f64,
    /// Logs and traces, but for the lines of Lambda's own.
    pub logs: f64,
    pub platform_logs: f64,
    pub transfer: f64,
}

impl Cost {
    pub fn total(&self) -> f64 {
        self.requests + self.compute + self.table + self.logs + self.platform_logs + self.transfer
    }
}
