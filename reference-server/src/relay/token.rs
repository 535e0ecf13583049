//! Registration tokens: JSON Web Tokens that the integrator signs and the relay verifies.

use std::fmt;

use jsonwebtoken::errors::Error as JwtError;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;

/// How far the integrator's clock may be off.
const LEEWAY_SECONDS: i64 = 60;

/// The integrator's public keys.
#[derive(Clone)]
pub struct TokenKeys {
    keys: Vec<Key>,
    audience: Option<String>,
}

#[derive(Clone)]
struct Key {
    id: Option<String>,
    algorithm: Algorithm,
    key: DecodingKey,
}

/// The file holds no public key that the relay can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenKeyError;

impl fmt::Display for TokenKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the token key must be a public key in PEM, or a JWKS, for EdDSA, ES256 or RS256")
    }
}

impl std::error::Error for TokenKeyError {}

/// Why a token does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenError {
    Expired,
    Invalid,
}

#[derive(Deserialize)]
struct Claims {
    sub: String,
    exp: i64,
    nbf: Option<i64>,
}

impl fmt::Debug for TokenKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenKeys({} keys)", self.keys.len())
    }
}

impl TokenKeys {
    /// Reads a PEM public key, or a JWKS in JSON. Tokens with another `aud` than the given one are refused.
    ///
    /// # Errors
    ///
    /// [`TokenKeyError`] when there is no usable key in it.
    pub fn parse(text: &str, audience: Option<String>) -> Result<TokenKeys, TokenKeyError> {
        let keys =
            if text.trim_start().starts_with('{') { from_jwks(text) } else { from_pem(text.as_bytes()) };
        if keys.is_empty() { Err(TokenKeyError) } else { Ok(TokenKeys { keys, audience }) }
    }

    /// Whether the token allows this handle now.
    pub(super) fn check(&self, token: &str, handle: &str, utc_ms: i64) -> Result<(), TokenError> {
        let header = decode_header(token).map_err(|_| TokenError::Invalid)?;
        let named = |key: &&Key| header.kid.is_none() || key.id.is_none() || key.id == header.kid;
        let claims = self
            .keys
            .iter()
            .filter(|key| key.algorithm == header.alg)
            .filter(named)
            .find_map(|key| self.claims(token, key).ok())
            .ok_or(TokenError::Invalid)?;
        let now = utc_ms.div_euclid(1000);
        if claims.sub != handle || claims.nbf.is_some_and(|from| from > now.saturating_add(LEEWAY_SECONDS)) {
            Err(TokenError::Invalid)
        } else if claims.exp < now.saturating_sub(LEEWAY_SECONDS) {
            Err(TokenError::Expired)
        } else {
            Ok(())
        }
    }

    fn claims(&self, token: &str, key: &Key) -> Result<Claims, JwtError> {
        let mut validation = Validation::new(key.algorithm);
        // Times are compared above, with the clock that was passed in.
        validation.validate_exp = false;
        match &self.audience {
            Some(audience) => {
                validation.set_audience(&[audience]);
                validation.set_required_spec_claims(&["exp", "sub", "aud"]);
            }
            None => {
                validation.validate_aud = false;
                validation.set_required_spec_claims(&["exp", "sub"]);
            }
        }
        decode::<Claims>(token, &key.key, &validation).map(|data| data.claims)
    }
}

type ReadKey = fn(&[u8]) -> Result<DecodingKey, JwtError>;

fn from_pem(pem: &[u8]) -> Vec<Key> {
    let readers: [(Algorithm, ReadKey); 3] = [
        (Algorithm::EdDSA, DecodingKey::from_ed_pem),
        (Algorithm::ES256, DecodingKey::from_ec_pem),
        (Algorithm::RS256, DecodingKey::from_rsa_pem),
    ];
    let keys = readers.into_iter().filter_map(|(algorithm, read)| Some((algorithm, read(pem).ok()?)));
    keys.map(|(algorithm, key)| Key { id: None, algorithm, key }).take(1).collect()
}

fn from_jwks(json: &str) -> Vec<Key> {
    let Ok(set) = serde_json::from_str::<JwkSet>(json) else { return Vec::new() };
    let usable = |jwk: &jsonwebtoken::jwk::Jwk| {
        let algorithm = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => Algorithm::RS256,
            AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P256 => {
                Algorithm::ES256
            }
            AlgorithmParameters::OctetKeyPair(_) => Algorithm::EdDSA,
            // A secret is no public key, and the enum is not ours.
            AlgorithmParameters::EllipticCurve(_)
            | AlgorithmParameters::OctetKey(_)
            | AlgorithmParameters::Other(_)
            | _ => return None,
        };
        let key = DecodingKey::from_jwk(jwk).ok()?;
        Some(Key { id: jwk.common.key_id.clone(), algorithm, key })
    };
    set.keys.iter().filter_map(usable).collect()
}
