//! Arguments out of a JSON line.

use serde_json::Value;
use waxwing_crypto::Address;

/// Why an operation gave nothing.
pub(crate) enum Trouble {
    /// The crate refused, with this variant of its error.
    Refused(String),
    /// A session or a sender key refused, and is this afterwards.
    RefusedBy { stored: String, variant: String },
    /// The request makes no sense.
    Broken(String),
}

impl Trouble {
    /// Names the variant of an error of the crate.
    pub(crate) fn refused(error: impl std::fmt::Debug) -> Trouble {
        Trouble::Refused(format!("{error:?}"))
    }

    /// The same, with what refused, at rest.
    pub(crate) fn refused_by(stored: String, error: impl std::fmt::Debug) -> Trouble {
        Trouble::RefusedBy { stored, variant: format!("{error:?}") }
    }
}

/// The fields of an answer.
pub(crate) type Outcome = Result<Value, Trouble>;

/// One request, or an object inside of one.
pub(crate) struct Request(Value);

impl Request {
    pub(crate) fn parse(line: &str) -> Result<Request, Trouble> {
        serde_json::from_str(line).map(Request).map_err(|e| Trouble::Broken(e.to_string()))
    }

    fn field(&self, name: &str) -> Result<&Value, Trouble> {
        self.0.get(name).ok_or_else(|| Trouble::Broken(format!("`{name}` is missing")))
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some()
    }

    pub(crate) fn text(&self, name: &str) -> Result<&str, Trouble> {
        self.field(name)?.as_str().ok_or_else(|| Trouble::Broken(format!("`{name}` is not text")))
    }

    pub(crate) fn flag(&self, name: &str) -> Result<bool, Trouble> {
        self.field(name)?.as_bool().ok_or_else(|| Trouble::Broken(format!("`{name}` is not true or false")))
    }

    pub(crate) fn number<T: TryFrom<u64>>(&self, name: &str) -> Result<T, Trouble> {
        let number = self.field(name)?.as_u64().and_then(|number| T::try_from(number).ok());
        number.ok_or_else(|| Trouble::Broken(format!("`{name}` is not a number that fits")))
    }

    pub(crate) fn bytes(&self, name: &str) -> Result<Vec<u8>, Trouble> {
        hex::decode(self.text(name)?).map_err(|e| Trouble::Broken(format!("`{name}`: {e}")))
    }

    pub(crate) fn array<const N: usize>(&self, name: &str) -> Result<[u8; N], Trouble> {
        <[u8; N]>::try_from(self.bytes(name)?)
            .map_err(|_| Trouble::Broken(format!("`{name}` has not {N} bytes")))
    }

    pub(crate) fn object(&self, name: &str) -> Result<Request, Trouble> {
        self.field(name).cloned().map(Request)
    }

    pub(crate) fn objects(&self, name: &str) -> Result<Vec<Request>, Trouble> {
        let list = self.field(name)?.as_array();
        let list = list.ok_or_else(|| Trouble::Broken(format!("`{name}` is not a list")))?;
        Ok(list.iter().cloned().map(Request).collect())
    }

    pub(crate) fn address(&self) -> Result<Address, Trouble> {
        Ok(Address { account: self.array("account")?, device: self.array("device")? })
    }
}
