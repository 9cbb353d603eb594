//! What people read when something was not done: in Japanese, or in English when they prefer it.

use crate::domain::invalid::{Invalid, JsonType};
use crate::operations::Error;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    Japanese,
    English,
}

impl Language {
    /// English only if `Accept-Language` prefers it to Japanese (RFC 9110, section 12.5.4).
    #[must_use]
    pub fn preferred(accept_language: &str) -> Self {
        let (mut japanese, mut english, mut any) = (None, None, None);
        for range in accept_language.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default().to_ascii_lowercase();
            let weight: f32 = parts.find_map(|part| part.strip_prefix("q=")).map_or(1.0, |q| q.parse().unwrap_or(0.0));
            let named = match tag.split('-').next().unwrap_or_default() {
                "ja" => &mut japanese,
                "en" => &mut english,
                "*" => &mut any,
                _ => continue,
            };
            *named = Some(named.map_or(weight, |other| weight.max(other)));
        }
        let weigh = |named: Option<f32>| named.or(any).unwrap_or(0.0);
        if weigh(english) > weigh(japanese) { Self::English } else { Self::Japanese }
    }
}

/// A short name of the kind of problem, the same for all of its kind.
#[must_use]
pub fn title(error: &Error, language: Language) -> &'static str {
    let (japanese, english) = match error {
        Error::Malformed => ("リクエストの形式が不正です", "Malformed request"),
        Error::Unauthenticated => ("認証が必要です", "Not authenticated"),
        Error::LoginFailed => ("ログインできませんでした", "Login failed"),
        Error::PermissionDenied => ("権限がありません", "Permission denied"),
        Error::RouteNotFound => ("該当するAPIがありません", "No such API"),
        Error::MethodNotAllowed(_) => ("許可されていないメソッドです", "Method not allowed"),
        Error::ScheduleNotFound => ("スケジュールが見つかりません", "Schedule not found"),
        Error::UserNotFound => ("ユーザーが見つかりません", "User not found"),
        Error::NotLive(_) => ("まだ配信されていません", "Not live"),
        Error::ScheduleOverlap(_) => ("スケジュールの時間帯が重複しています", "Schedules overlap"),
        Error::ScheduleStarted => ("配信開始時刻を過ぎています", "Schedule has started"),
        Error::EmailTaken => ("メールアドレスは登録済みです", "E-mail address is taken"),
        Error::MasterProtected => ("マスターユーザーは保護されています", "Master is protected"),
        Error::IdempotencyInProgress => ("同じリクエストを処理中です", "Request in progress"),
        Error::BodyTooLarge => ("リクエストが大きすぎます", "Body too large"),
        Error::UnsupportedMediaType => ("対応していないデータタイプです", "Unsupported media type"),
        Error::Invalid(_) => ("パラメータが不正です", "Invalid parameters"),
        Error::IdempotencyKeyReused => ("Idempotency-Keyは使用済みです", "Idempotency key reused"),
        Error::ImageFluxRejected(_) => ("ImageFluxがパラメータを拒否しました", "Rejected by ImageFlux"),
        Error::TooManyRequests(_) => ("リクエストが多すぎます", "Too many requests"),
        Error::Internal(_) => ("内部エラーが発生しました", "Internal error"),
        Error::ImageFluxFailed(_) => ("ImageFluxでエラーが発生しました", "ImageFlux failed"),
        Error::Unavailable(_) => ("一時的に利用できません", "Temporarily unavailable"),
        Error::ImageFluxTimedOut => ("ImageFluxの応答がありません", "ImageFlux timed out"),
    };
    choose(language, japanese, english)
}

/// What to do about it.
#[must_use]
pub fn detail(error: &Error, language: Language) -> String {
    let (japanese, english) = match error {
        Error::Malformed => (
            "リクエストボディにはUTF-8のJSONオブジェクトを指定してください。",
            "The body must be a JSON object in UTF-8.",
        ),
        Error::Unauthenticated => (
            "有効なトークンをAuthorizationヘッダに指定してください。トークンが失効した場合は、再度ログインしてください。",
            "Send a valid token in the Authorization header. If the token has expired or was revoked, log in again.",
        ),
        Error::LoginFailed => (
            "メールアドレス、パスワード、アクセスコードのいずれかが正しくありません。",
            "The e-mail address, the password or the access code is wrong.",
        ),
        Error::PermissionDenied => ("この操作を行う権限がありません。", "Your user may not do this."),
        Error::RouteNotFound => ("パスを確認してください。", "Check the path."),
        Error::MethodNotAllowed(_) => (
            "このパスで使用できるメソッドはAllowヘッダを確認してください。",
            "The Allow header names the methods of this path.",
        ),
        Error::ScheduleNotFound => ("指定されたスケジュールは存在しません。", "There is no such schedule."),
        Error::UserNotFound => ("指定されたユーザーは存在しません。", "There is no such user."),
        Error::NotLive(_) => (
            "配信が開始されていないため、視聴情報がありません。しばらくしてから再度お試しください。",
            "Nobody is publishing yet. Ask again in a while.",
        ),
        Error::ScheduleOverlap(_) => (
            "指定された時間帯には、すでにスケジュールが登録されています。conflicts_withを確認してください。",
            "The time is taken by the schedule in conflicts_with.",
        ),
        Error::ScheduleStarted => (
            "配信開始時刻以降は、スケジュールの削除と開始日時の変更はできません。",
            "Once its start has come, a schedule can neither be deleted nor get another start.",
        ),
        Error::EmailTaken => (
            "このメールアドレスのユーザーはすでに登録されています。",
            "There is a user with this e-mail address already.",
        ),
        Error::MasterProtected => (
            "マスターユーザーの削除と権限の取り消しはできません。編集できるのは本人のみです。",
            "The master cannot be deleted or lose a permission, and only the master edits itself.",
        ),
        Error::IdempotencyInProgress => (
            "同じIdempotency-Keyのリクエストを処理中です。しばらくしてから再度お試しください。",
            "A request with the same Idempotency-Key is in progress. Try again in a while.",
        ),
        Error::BodyTooLarge => {
            ("リクエストボディは64 KiB以内で指定してください。", "The body may have 64 KiB at the most.")
        }
        Error::UnsupportedMediaType => (
            "Content-Typeにはapplication/json（文字コードはUTF-8）を指定してください。",
            "The Content-Type must be application/json, in UTF-8.",
        ),
        Error::Invalid(_) => ("errorsに示した項目を修正してください。", "Correct the fields named in errors."),
        Error::IdempotencyKeyReused => (
            "このIdempotency-Keyは、内容の異なるリクエストで使用されています。",
            "This Idempotency-Key was used with another body.",
        ),
        Error::ImageFluxRejected(reason) => {
            return match language {
                Language::Japanese => format!("imageflux_paramsを確認してください。ImageFluxの応答: {reason}"),
                Language::English => format!("Check imageflux_params. ImageFlux says: {reason}"),
            };
        }
        Error::TooManyRequests(_) => (
            "Retry-Afterヘッダの秒数が経過してから、再度お試しください。",
            "Try again after the number of seconds in Retry-After.",
        ),
        Error::Internal(_) => (
            "問題が続く場合は、request_idを添えてお問い合わせください。",
            "If this goes on, contact us and name the request_id.",
        ),
        Error::ImageFluxFailed(_) => (
            "ImageFluxが正常に応答しませんでした。何も登録されていません。",
            "ImageFlux did not answer properly. Nothing was changed.",
        ),
        Error::Unavailable(_) => ("しばらくしてから再度お試しください。", "Try again in a while."),
        Error::ImageFluxTimedOut => (
            "ImageFluxが時間内に応答しませんでした。何も登録されていません。",
            "ImageFlux did not answer in time. Nothing was changed.",
        ),
    };
    choose(language, japanese, english).to_owned()
}

/// Which rule a field breaks.
#[must_use]
pub fn field(reason: &Invalid, language: Language) -> String {
    let (japanese, english): (String, String) = match reason {
        Invalid::Missing => ("必須です。".into(), "is required".into()),
        Invalid::Null => ("nullは指定できません。".into(), "must not be null".into()),
        Invalid::Duplicate => ("複数回指定されています。".into(), "is given more than once".into()),
        Invalid::Contradictory => ("クエリとボディの値が異なります。".into(), "differs between query and body".into()),
        Invalid::WrongType(kind) => {
            let (japanese, english) = json_type(*kind);
            (format!("{japanese}で指定してください。"), format!("must be {english}"))
        }
        Invalid::TooShort(least) => {
            (format!("{least}文字（個）以上で指定してください。"), format!("must have at least {least}"))
        }
        Invalid::TooLong(most) => {
            (format!("{most}文字（個）以内で指定してください。"), format!("must have at most {most}"))
        }
        Invalid::Blank => ("表示できる文字を1文字以上含めてください。".into(), "must have a visible character".into()),
        Invalid::ControlCharacter => ("制御文字は使用できません。".into(), "must not have control characters".into()),
        Invalid::BidirectionalControl => {
            ("文字方向の制御文字は使用できません。".into(), "must not have bidirectional overrides or isolates".into())
        }
        Invalid::NotAnEmail => ("メールアドレスの形式で指定してください。".into(), "must be an e-mail address".into()),
        Invalid::NotADateTime => (
            "YYYY/MM/DD HH:MM:SSの形式で、実在する日時を指定してください。".into(),
            "must be a real date-time written YYYY/MM/DD HH:MM:SS".into(),
        ),
        Invalid::NotAfterStart => ("開始日時より後の日時を指定してください。".into(), "must be after the start".into()),
        Invalid::OutOfRange(least, most) => {
            (format!("{least}以上{most}以下で指定してください。"), format!("must be from {least} to {most}"))
        }
        Invalid::NotPositive => ("0より大きい値を指定してください。".into(), "must be greater than 0".into()),
        Invalid::NotOneOf(words) => {
            let words = words.join(", ");
            (format!("次のいずれかを指定してください: {words}"), format!("must be one of {words}"))
        }
        Invalid::TooDeep(most) => {
            (format!("入れ子は{most}段以内にしてください。"), format!("must not be nested deeper than {most}"))
        }
        Invalid::NoMedia => ("videoまたはaudioを指定してください。".into(), "must have video or audio".into()),
        Invalid::NotJson => ("JSONとして読み取れません。".into(), "is not JSON".into()),
        Invalid::NotAnId => ("IDの形式で指定してください。".into(), "must be an id".into()),
        Invalid::NotACursor => {
            ("このAPIが返したカーソルを指定してください。".into(), "must be a cursor that this list handed out".into())
        }
    };
    match language {
        Language::Japanese => japanese,
        Language::English => english,
    }
}

fn json_type(kind: JsonType) -> (&'static str, &'static str) {
    match kind {
        JsonType::String => ("文字列", "a string"),
        JsonType::Boolean => ("真偽値（true, false, 1, 0）", "a boolean (true, false, 1, 0)"),
        JsonType::Integer => ("整数", "an integer"),
        JsonType::Number => ("数値", "a number"),
        JsonType::Object => ("オブジェクト", "an object"),
        JsonType::Array => ("配列", "an array"),
    }
}

fn choose(language: Language, japanese: &'static str, english: &'static str) -> &'static str {
    match language {
        Language::Japanese => japanese,
        Language::English => english,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_is_spoken_only_to_those_who_prefer_it() {
        for accepted in ["en", "en-US,en;q=0.9,ja;q=0.8", "ja;q=0.1, EN;q=0.2", "fr, en;q=0.5", "ja;q=0, *"] {
            assert_eq!(Language::preferred(accepted), Language::English, "{accepted}");
        }
        for accepted in ["", "ja", "ja,en", "en;q=0.5, ja", "fr", "*", "en;q=0", "en;q=x"] {
            assert_eq!(Language::preferred(accepted), Language::Japanese, "{accepted}");
        }
    }
}
