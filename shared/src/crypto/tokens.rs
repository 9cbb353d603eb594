//! Tokens: JWT signed with Ed25519 (RFC 7519, RFC 8037), read as RFC 8725 advises.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use ring::signature::{ED25519, Ed25519KeyPair, UnparsedPublicKey};
use serde::{Deserialize, Serialize};
use signature::{Signer, Verifier};

use crate::domain::ids::{TenantId, TokenId, UserId};
use crate::domain::trail::Origin;

const ISSUER: &str = "imageflux-live-streaming-api-option";
const AUDIENCE: &str = "imageflux-live-streaming-api-option/api";
const TYPE: &str = "JWT";

/// Whose request it is, as far as the token says. Whether the token still works, the table says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bearer {
    pub tenant: TenantId,
    pub user: UserId,
    pub token: TokenId,
    pub token_version: i64,
    pub expires_at: DateTime<Utc>,
    /// What the gateway says of the request; no part of the token.
    pub origin: Origin,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    tenant: String,
    jti: String,
    iat: i64,
    exp: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    ver: i64,
}

/// How far ahead the clock of the function that issued a token may be, in seconds.
const CLOCKS_APART: i64 = 60;

/// The keys: one or two to verify with, chosen by `kid`; one to sign with, where tokens are issued.
pub struct Tokens {
    verifying: Vec<(String, DecodingKey)>,
    signing: Option<(String, EncodingKey)>,
}

impl Tokens {
    /// No keys: whatever is verified is refused.
    #[must_use]
    pub fn none() -> Self {
        Self { verifying: Vec::new(), signing: None }
    }

    /// `public_keys` is `kid=key[,kid=key]`, each key 32 bytes in unpadded base64url.
    ///
    /// # Errors
    /// When the text is something else; the message says what, without the key.
    pub fn new(public_keys: &str) -> Result<Self, String> {
        // A second call finds the provider installed, which is as good.
        let _already_installed = RING.install_default();
        let verifying: Vec<_> = public_keys
            .split(',')
            .map(|entry| {
                let (kid, key) = entry.trim().split_once('=').ok_or("a public key is written kid=key")?;
                let key = DecodingKey::from_ed_components(key.trim())
                    .ok()
                    .filter(|key| key.try_get_as_bytes().is_ok_and(|bytes| bytes.len() == 32))
                    .ok_or_else(|| format!("the public key {kid} is not 32 bytes in unpadded base64url"))?;
                Ok((kid.to_owned(), key))
            })
            .collect::<Result<_, String>>()?;
        if verifying.len() > 2 {
            return Err("more than two public keys".to_owned());
        }
        Ok(Self { verifying, signing: None })
    }

    /// Adds the key to sign with: PKCS#8 in base64, under a `kid` whose public key is its own.
    ///
    /// # Errors
    /// When the key is malformed or does not belong to the public key of that `kid`.
    pub fn with_signing_key(mut self, kid: &str, private_key: &str) -> Result<Self, String> {
        let der = STANDARD.decode(private_key.trim()).map_err(|_| "the signing key is not base64")?;
        let pair = key_pair(&der).map_err(|_| "the signing key is not an Ed25519 key in PKCS#8")?;
        let public = self.verifying.iter().find(|(known, _)| known == kid).ok_or("the signing key's kid is unknown")?;
        if public.1.try_get_as_bytes().ok() != Some(ring::signature::KeyPair::public_key(&pair).as_ref()) {
            return Err("the signing key and the public key of its kid do not belong together".to_owned());
        }
        self.signing = Some((kid.to_owned(), EncodingKey::from_ed_der(&der)));
        Ok(self)
    }

    pub fn issue(&self, bearer: &Bearer, now: DateTime<Utc>) -> Result<String, String> {
        let (kid, key) = self.signing.as_ref().ok_or("this function has no signing key")?;
        let header = Header { kid: Some(kid.clone()), typ: Some(TYPE.to_owned()), ..Header::new(Algorithm::EdDSA) };
        let claims = Claims {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub: bearer.user.to_string(),
            tenant: bearer.tenant.to_string(),
            jti: bearer.token.to_string(),
            iat: now.timestamp(),
            exp: bearer.expires_at.timestamp(),
            nbf: None,
            ver: bearer.token_version,
        };
        jsonwebtoken::encode(&header, &claims, key).map_err(|error| error.to_string())
    }

    /// `None` for anything but a token of ours that has not expired at `now`.
    #[must_use]
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Option<Bearer> {
        let header = jsonwebtoken::decode_header(token).ok()?;
        // We support no critical extensions, so a token with `crit` is refused (RFC 7515, 4.1.11).
        if header.typ.as_deref() != Some(TYPE) || header.crit.is_some() {
            return None;
        }
        let kid = header.kid?;
        let (_, key) = self.verifying.iter().find(|(known, _)| *known == kid)?;
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        // Expiry is compared below with the product's clock, and without leeway.
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, key, &validation).ok()?.claims;
        let expires_at = DateTime::from_timestamp(claims.exp, 0)?;
        let has_begun =
            claims.iat <= now.timestamp() + CLOCKS_APART && claims.nbf.is_none_or(|nbf| nbf <= now.timestamp());
        if expires_at <= now || claims.iat >= claims.exp || !has_begun {
            return None;
        }
        let user: i64 = claims.sub.parse().ok().filter(|id: &i64| id.to_string() == claims.sub)?;
        Some(Bearer {
            tenant: TenantId::parse(&claims.tenant)?,
            user: UserId(user),
            token: TokenId::from(claims.jti.as_str()),
            token_version: claims.ver,
            expires_at,
            origin: Origin::default(),
        })
    }
}

/// The Ed25519 of the library that also does our TLS, so that one implementation is linked.
static RING: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| match algorithm {
        Algorithm::EdDSA => Ok(Box::new(RingSigner(key_pair(key.as_bytes())?))),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    },
    verifier_factory: |algorithm, key| match algorithm {
        Algorithm::EdDSA => {
            Ok(Box::new(RingVerifier(UnparsedPublicKey::new(&ED25519, key.try_get_as_bytes()?.to_vec()))))
        }
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    },
    key_utils: KeyUtils::new_unimplemented(),
};

fn key_pair(der: &[u8]) -> Result<Ed25519KeyPair, jsonwebtoken::errors::Error> {
    Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map_err(|_| ErrorKind::InvalidEddsaKey.into())
}

struct RingSigner(Ed25519KeyPair);

impl Signer<Vec<u8>> for RingSigner {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        Ok(self.0.sign(message).as_ref().to_vec())
    }
}

impl JwtSigner for RingSigner {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

struct RingVerifier(UnparsedPublicKey<Vec<u8>>);

impl Verifier<Vec<u8>> for RingVerifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        self.0.verify(message, signature).map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for RingVerifier {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use ring::signature::KeyPair;
    use serde_json::{Value, json};

    use super::*;

    struct Key {
        private: String,
        public: String,
    }

    fn key() -> Key {
        let der = Ed25519KeyPair::generate_pkcs8(&ring::rand::SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(der.as_ref()).unwrap();
        Key { private: STANDARD.encode(der.as_ref()), public: URL_SAFE_NO_PAD.encode(pair.public_key()) }
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn bearer() -> Bearer {
        Bearer {
            tenant: "00000000-0000-4000-8000-000000000001".into(),
            user: UserId(7),
            token: "t".into(),
            token_version: 3,
            expires_at: at(2000),
            origin: Origin::default(),
        }
    }

    fn tokens(key: &Key) -> Tokens {
        Tokens::new(&format!("a={}", key.public)).unwrap().with_signing_key("a", &key.private).unwrap()
    }

    /// Signs any header and claims with the key, as somebody with the key could.
    fn forge(key: &Key, header: &Value, claims: &Value) -> String {
        let message = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
        let pair = key_pair(&STANDARD.decode(&key.private).unwrap()).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(pair.sign(message.as_bytes())))
    }

    #[test]
    fn a_token_says_who_asks_until_the_second_it_expires() {
        let tokens = tokens(&key());
        let token = tokens.issue(&bearer(), at(1000)).unwrap();
        assert_eq!(tokens.verify(&token, at(1999)), Some(bearer()));
        assert_eq!(tokens.verify(&token, at(2000)), None);
    }

    #[test]
    fn two_keys_work_side_by_side_and_a_removed_one_does_not() {
        let (old, new) = (key(), key());
        let token = tokens(&old).issue(&bearer(), at(1000)).unwrap();
        let both = Tokens::new(&format!("b={},a={}", new.public, old.public)).unwrap();
        assert!(both.verify(&token, at(1500)).is_some());
        assert!(Tokens::new(&format!("b={}", new.public)).unwrap().verify(&token, at(1500)).is_none());
        assert!(Tokens::new(&format!("a={}", new.public)).unwrap().verify(&token, at(1500)).is_none());
    }

    #[test]
    fn every_claim_is_required_and_checked() {
        let key = key();
        let tokens = tokens(&key);
        let header = json!({"alg": "EdDSA", "typ": "JWT", "kid": "a"});
        let claims = json!({"iss": ISSUER, "aud": AUDIENCE, "sub": "7", "tenant": bearer().tenant.as_str(),
                            "jti": "t", "iat": 1000, "exp": 2000, "ver": 3});
        assert!(tokens.verify(&forge(&key, &header, &claims), at(1500)).is_some());
        for name in claims.as_object().unwrap().keys() {
            let mut without = claims.clone();
            without.as_object_mut().unwrap().remove(name);
            assert!(tokens.verify(&forge(&key, &header, &without), at(1500)).is_none(), "without {name}");
            let mut wrong = claims.clone();
            wrong[name] = json!({"wrong": true});
            assert!(tokens.verify(&forge(&key, &header, &wrong), at(1500)).is_none(), "wrong {name}");
        }
        for (name, value) in [
            ("iss", json!("x")),
            ("aud", json!("x")),
            ("tenant", json!("a#b")),
            ("sub", json!("+7")),
            ("sub", json!("07")),
            ("iat", json!(1561)),
            ("iat", json!(2000)),
            ("nbf", json!(1501)),
            ("exp", json!(1500)),
        ] {
            let mut wrong = claims.clone();
            wrong[name] = value.clone();
            assert!(tokens.verify(&forge(&key, &header, &wrong), at(1500)).is_none(), "{name}: {value}");
        }
    }

    #[test]
    fn the_algorithm_and_the_type_of_the_header_are_pinned() {
        let key = key();
        let tokens = tokens(&key);
        let claims = json!({"iss": ISSUER, "aud": AUDIENCE, "sub": "7", "tenant": bearer().tenant.as_str(),
                            "jti": "t", "iat": 1000, "exp": 2000, "ver": 3});
        for header in [
            json!({"alg": "none", "typ": "JWT", "kid": "a"}),
            json!({"alg": "HS256", "typ": "JWT", "kid": "a"}),
            json!({"alg": "RS256", "typ": "JWT", "kid": "a"}),
            json!({"alg": "EdDSA", "typ": "other", "kid": "a"}),
            json!({"alg": "EdDSA", "kid": "a"}),
            json!({"alg": "EdDSA", "typ": "JWT"}),
            json!({"alg": "EdDSA", "typ": "JWT", "kid": "../a"}),
            json!({"alg": "EdDSA", "typ": "JWT", "kid": "a", "crit": ["x"], "x": 1}),
        ] {
            assert!(tokens.verify(&forge(&key, &header, &claims), at(1500)).is_none(), "{header}");
        }
    }

    #[test]
    fn a_signing_key_must_fit_its_public_key() {
        let (one, other) = (key(), key());
        let tokens = || Tokens::new(&format!("a={}", one.public)).unwrap();
        assert!(tokens().with_signing_key("a", &other.private).is_err());
        assert!(tokens().with_signing_key("b", &one.private).is_err());
        assert!(Tokens::new("a=c2hvcnQ").is_err());
    }
}
