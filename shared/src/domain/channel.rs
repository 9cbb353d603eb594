//! What ImageFlux gives us for a schedule.

/// A channel to publish to. Both parts are for holders of `delivery` only.
#[derive(Clone, PartialEq, Eq)]
pub struct Channel {
    pub channel_id: String,
    pub sora_url: String,
    /// The digest of the key in the addresses at which ImageFlux calls us about it, if it was given any.
    pub hook: Option<String>,
}

/// A publishing connection as ImageFlux lists it; its playlist may not be there yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub connection_id: String,
    pub playlist_url: Option<String>,
}
