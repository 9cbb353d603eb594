//! Japanese.

use crate::domain::invalid::{FormError, Invalid, JsonType, OtherMedia};
use crate::http::refusal::Refusal;
use crate::operations::Error;

pub(super) fn title(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Malformed => "リクエストの形式が不正です",
        Refusal::RouteNotFound => "該当するAPIがありません",
        Refusal::MethodNotAllowed(_) => "許可されていないメソッドです",
        Refusal::Moved(_) => "URLが異なります",
        Refusal::Product(error) => match error {
            Error::Unauthenticated => "認証が必要です",
            Error::LoginFailed => "ログインできませんでした",
            Error::PermissionDenied => "権限がありません",
            Error::Muted(_) => "投稿を制限されています",
            Error::ChatClosed => "チャットは閉じられています",
            Error::Form(FormError::Malformed) => "リクエストの形式が不正です",
            Error::Form(FormError::BodyTooLarge) => "リクエストが大きすぎます",
            Error::Form(FormError::UnsupportedMediaType(_)) => "対応していないデータ形式です",
            Error::Form(FormError::Fields(_)) => "パラメータが不正です",
            Error::ScheduleNotFound => "スケジュールが見つかりません",
            Error::UserNotFound => "ユーザーが見つかりません",
            Error::MessageNotFound => "メッセージが見つかりません",
            Error::NotLive(_) => "配信されていません",
            Error::ScheduleOverlap(_) => "スケジュールの時間帯が重複しています",
            Error::ScheduleStarted => "配信開始時刻を過ぎています",
            Error::ScheduleEnded => "配信は終了しています",
            Error::EmailTaken => "メールアドレスは登録済みです",
            Error::MasterProtected => "マスターユーザーは保護されています",
            Error::CannotBeMuted => "このユーザーの投稿は制限できません",
            Error::IdempotencyInProgress => "同じリクエストを処理中です",
            Error::IdempotencyKeyReused => "Idempotency-Keyは使用済みです",
            Error::ImageFluxRejected(_) => "ImageFluxがパラメータを拒否しました",
            Error::TooManyRequests(_) => "リクエストが多すぎます",
            Error::Internal(_) => "内部エラーが発生しました",
            Error::ImageFluxFailed(_) => "ImageFluxでエラーが発生しました",
            Error::Unavailable(_) => "一時的に利用できません",
            Error::ImageFluxTimedOut => "ImageFluxの応答がありません",
        },
    }
}

pub(super) fn detail(refusal: &Refusal) -> String {
    let text = match refusal {
        Refusal::Malformed => "リクエストを読み取れませんでした。",
        Refusal::RouteNotFound => "パスを確認してください。",
        Refusal::MethodNotAllowed(_) => "このパスで使用できるメソッドは、Allowヘッダを確認してください。",
        Refusal::Moved(_) => "LocationヘッダのURLを使用してください。",
        Refusal::Product(error) => match error {
            Error::Unauthenticated => {
                "有効なトークンをAuthorizationヘッダに指定してください。トークンが失効した場合は、再度ログインしてください。"
            }
            Error::LoginFailed => "メールアドレス、パスワード、アクセスコードのいずれかが正しくありません。",
            Error::PermissionDenied => "この操作を行う権限がありません。",
            Error::Muted(_) => "Retry-Afterヘッダの秒数が経過するまで、このチャットには投稿できません。",
            Error::ChatClosed => "このチャットは閉じられているため、投稿できません。閲覧はできます。",
            Error::Form(FormError::Malformed) => "リクエストボディにはUTF-8のJSONオブジェクトを指定してください。",
            Error::Form(FormError::BodyTooLarge) => "リクエストボディは64 KiB以内にしてください。",
            Error::Form(FormError::UnsupportedMediaType(OtherMedia::Type)) => {
                "Content-Typeにはapplication/jsonを指定してください。"
            }
            Error::Form(FormError::UnsupportedMediaType(OtherMedia::Charset)) => {
                "文字コード（charset）はUTF-8にしてください。"
            }
            Error::Form(FormError::UnsupportedMediaType(OtherMedia::Encoding)) => {
                "リクエストボディは圧縮せずに送信してください。Content-Encodingはidentityのみ使用できます。"
            }
            Error::Form(FormError::Fields(_)) => "errorsに示した項目を修正してください。",
            Error::ScheduleNotFound => "指定されたスケジュールは存在しません。",
            Error::UserNotFound => "指定されたユーザーは存在しません。",
            Error::MessageNotFound => "指定されたメッセージは、このスケジュールのチャットに存在しません。",
            Error::NotLive(_) => {
                "現在配信されていないため、視聴情報がありません。Retry-Afterヘッダの秒数が経過してから、再度お試しください。"
            }
            Error::ScheduleOverlap(_) => {
                "指定された時間帯には、すでにスケジュールが登録されています。conflicts_withを確認してください。"
            }
            Error::ScheduleStarted => {
                "配信開始時刻以降は、スケジュールを削除できません。配信が行われた後は、開始日時の変更もできません。"
            }
            Error::ScheduleEnded => "配信終了から時間が経過しているため、配信できません。",
            Error::EmailTaken => "このメールアドレスのユーザーはすでに登録されています。",
            Error::MasterProtected => {
                "マスターユーザーの削除と権限の取り消しはできません。編集できるのは本人のみです。"
            }
            Error::CannotBeMuted => "配信権限またはスケジュール管理権限を持つユーザーの投稿は制限できません。",
            Error::IdempotencyInProgress => {
                "同じIdempotency-Keyのリクエストを処理中です。しばらくしてから再度お試しください。"
            }
            Error::IdempotencyKeyReused => "このIdempotency-Keyは、内容の異なるリクエストで使用されています。",
            Error::ImageFluxRejected(reason) => {
                let reason = if reason.is_empty() { "理由は示されていません" } else { reason };
                return format!("スケジュールのimageflux_paramsをImageFluxが受け付けません。ImageFluxの応答: {reason}");
            }
            Error::TooManyRequests(_) => "Retry-Afterヘッダの秒数が経過してから、再度お試しください。",
            Error::Internal(_) => "問題が続く場合は、request_idを添えてお問い合わせください。",
            Error::ImageFluxFailed(_) => "ImageFluxが正常に応答しませんでした。何も変更されていません。",
            Error::Unavailable(_) => "しばらくしてから再度お試しください。",
            Error::ImageFluxTimedOut => "ImageFluxが時間内に応答しませんでした。何も変更されていません。",
        },
    };
    text.to_owned()
}

pub(super) fn field(reason: &Invalid) -> String {
    let text = match reason {
        Invalid::Missing => "必須です。",
        Invalid::Null => "nullは指定できません。",
        Invalid::Duplicate => "複数回指定されています。",
        Invalid::Contradictory => "クエリとボディの値が異なります。",
        Invalid::NotUtf8 => "UTF-8 をパーセントエンコードした値を指定してください。",
        Invalid::SecretInQuery => "クエリではなくボディで指定してください。",
        Invalid::WrongType(kind) => return format!("{}で指定してください。", json_type(*kind)),
        Invalid::TooShort(least) => return format!("{least}文字（配列は{least}個）以上で指定してください。"),
        Invalid::TooLong(most) => return format!("{most}文字（配列は{most}個）以内で指定してください。"),
        Invalid::Blank => "表示できる文字を1文字以上含めてください。",
        Invalid::ControlCharacter => "制御文字は使用できません。",
        Invalid::BidirectionalControl => "文字方向の制御文字は使用できません。",
        Invalid::NotAnEmail => "メールアドレスの形式で指定してください。",
        Invalid::NotADateTime => "YYYY/MM/DD HH:MM:SSの形式で、実在する日時を指定してください。",
        Invalid::NotAfterStart => "開始日時より後の日時を指定してください。",
        Invalid::OutOfRange(least, most) => return format!("{least}以上{most}以下で指定してください。"),
        Invalid::NotPositive => "0より大きい値を指定してください。",
        Invalid::NotOneOf(words) => return format!("次のいずれかを指定してください: {}", words.join(", ")),
        Invalid::NotYours => "運営者がこのシステムに割り当てたものを指定してください。",
        Invalid::TooDeep(most) => return format!("入れ子は{most}段以内にしてください。"),
        Invalid::NoMedia => "videoまたはaudioを指定してください。",
        Invalid::NotJson => "JSONとして読み取れません。",
        Invalid::NotAnId => "IDの形式で指定してください。",
        Invalid::NotTogetherWith(other) => return format!("{other}と同時には指定できません。"),
        Invalid::NotAnIpAddress => "IPアドレスを指定してください。",
        Invalid::NotACursor => "このAPIが返したカーソルを指定してください。",
    };
    text.to_owned()
}

fn json_type(kind: JsonType) -> &'static str {
    match kind {
        JsonType::String => "文字列",
        JsonType::Boolean => "真偽値（true, false, 1, 0）",
        JsonType::Integer => "整数",
        JsonType::Number => "数値",
        JsonType::Object => "オブジェクト",
        JsonType::Array => "配列",
    }
}
