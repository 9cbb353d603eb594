//! The second door into values: what the table keeps.

/// A value that the table keeps as text.
pub trait Stored: Sized {
    fn to_store(&self) -> String;

    /// A value that was valid when it was stored. It is not checked against the rules for clients again, because a rule
    /// that is tightened must not make what is stored unreadable. `None` for text that can be no such value at all.
    fn from_store(text: String) -> Option<Self>;
}
