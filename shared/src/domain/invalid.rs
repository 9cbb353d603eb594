//! Why a value was refused. The words for people are in `http::wording`.

/// One rule that a value broke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invalid {
    /// A required value is absent.
    Missing,
    /// `null` stands where a value is expected.
    Null,
    /// The same member or parameter was given twice.
    Duplicate,
    /// Query and body name different values.
    Contradictory,
    /// The bytes of the value in the query are no UTF-8.
    NotUtf8,
    /// A password or an access code stands in a query, where logs and histories keep it.
    SecretInQuery,
    /// The value has another JSON type than the one named here.
    WrongType(JsonType),
    /// Fewer characters (or elements) than the number.
    TooShort(usize),
    /// More characters (or elements) than the number.
    TooLong(usize),
    /// Nothing in it can be seen.
    Blank,
    /// A control character is in it.
    ControlCharacter,
    /// A bidirectional override or isolate (U+202A–202E, U+2066–2069) is in it.
    BidirectionalControl,
    /// Not a valid e-mail address in the sense of the HTML standard, with a dot in its domain.
    NotAnEmail,
    /// Not one of the accepted date-time spellings, or not a day of the calendar.
    NotADateTime,
    /// The end is not after the start.
    NotAfterStart,
    /// A number outside of the two bounds, both allowed.
    OutOfRange(i64, i64),
    /// A number that must be greater than zero.
    NotPositive,
    /// Not one of the listed words.
    NotOneOf(&'static [&'static str]),
    /// Something that the operator did not give this tenant.
    NotYours,
    /// Nested deeper than the number of levels.
    TooDeep(usize),
    /// A rendition with neither `video` nor `audio`.
    NoMedia,
    /// Text that was to hold JSON does not.
    NotJson,
    /// Not an id of the kind that is asked for.
    NotAnId,
    /// Not the address of a machine in the Internet.
    NotAnIpAddress,
    /// A cursor that this list did not hand out.
    NotACursor,
    /// The other parameter excludes it.
    NotTogetherWith(&'static str),
}

/// The JSON types that a refusal can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonType {
    String,
    Boolean,
    Integer,
    Number,
    Object,
    Array,
}

impl Invalid {
    /// The stable word for clients, as it stands in `errors[].code`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Null => "null",
            Self::Duplicate => "duplicate",
            Self::Contradictory => "contradictory",
            Self::NotUtf8 => "not_utf8",
            Self::SecretInQuery => "secret_in_query",
            Self::WrongType(_) => "wrong_type",
            Self::TooShort(_) => "too_short",
            Self::TooLong(_) => "too_long",
            Self::Blank => "blank",
            Self::ControlCharacter => "control_character",
            Self::BidirectionalControl => "bidirectional_control",
            Self::NotAnEmail => "not_an_email",
            Self::NotADateTime => "not_a_datetime",
            Self::NotAfterStart => "not_after_start",
            Self::OutOfRange(..) | Self::NotPositive => "out_of_range",
            Self::NotOneOf(_) => "not_one_of",
            Self::NotYours => "not_yours",
            Self::TooDeep(_) => "too_deep",
            Self::NoMedia => "no_media",
            Self::NotJson => "not_json",
            Self::NotAnId => "not_an_id",
            Self::NotAnIpAddress => "not_an_ip_address",
            Self::NotACursor => "not_a_cursor",
            Self::NotTogetherWith(_) => "not_together",
        }
    }
}

/// A rule broken by the value of one field, e.g. `name` or `imageflux_params[0].video.width`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    pub field: String,
    pub reason: Invalid,
}

impl FieldError {
    pub fn new(field: impl Into<String>, reason: Invalid) -> Self {
        Self { field: field.into(), reason }
    }
}

/// Why what a request asks for cannot be read, or not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormError {
    /// It has no readable form at all.
    Malformed,
    BodyTooLarge,
    UnsupportedMediaType(OtherMedia),
    /// Every field that breaks a rule.
    Fields(Vec<FieldError>),
}

/// What makes a body something else than JSON in UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OtherMedia {
    Type,
    Charset,
    /// It is compressed.
    Encoding,
}
