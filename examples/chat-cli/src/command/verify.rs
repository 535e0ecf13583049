//! `verify`: the safety number of a person, compared and confirmed.

use serde_json::json;
use waxwing::{Client, Comparison, SafetyNumber};

use crate::args::{Common, Verify};
use crate::fail::Fail;
use crate::session::{self, Link};
use crate::{out, safe_text};

/// Shows the number, and does what the options say.
pub(super) async fn run(common: &Common, options: &Verify) -> Result<(), Fail> {
    let session = session::open(common, Link::Down).await?;
    let result = verify(&session.client, options).await;
    session.close().await;
    let (number, comparison) = result?;
    tell(common, &number, comparison)
}

async fn verify(client: &Client, options: &Verify) -> Result<(SafetyNumber, Option<&'static str>), Fail> {
    let handle = options.handle.as_str();
    let number = client.safety_number(handle).await.map_err(session::fail)?;
    let mut comparison = None;
    if let Some(scanned) = &options.scan {
        comparison = Some(compare(&number, scanned)?);
    }
    if options.scan.is_some() || options.confirm {
        client.mark_verified(&number).await.map_err(session::fail)?;
    } else if options.revoke {
        client.mark_unverified(&number).await.map_err(session::fail)?;
    }
    let number = client.safety_number(handle).await.map_err(session::fail)?;
    Ok((number, comparison))
}

/// Compares; whatever is no match is a failure with a word of its own.
fn compare(number: &SafetyNumber, scanned: &str) -> Result<&'static str, Fail> {
    let refuse =
        |code, message: &str, advice: &str| Err(Fail::new(code, "key_changed", message).advise(advice));
    match number.compare(scanned) {
        Comparison::Match => Ok("match"),
        Comparison::Mismatch => refuse(
            "safety_number_mismatch",
            "the two devices do not see the same keys: somebody may stand between you",
            "let both run history and look for a changed key; do not accept a key before the numbers agree",
        ),
        Comparison::OtherPair => refuse(
            "safety_number_other_pair",
            "this is the number of two other people, or of another conversation",
            "let the other person run: verify YOUR_HANDLE",
        ),
        Comparison::OtherVersion => refuse(
            "safety_number_other_version",
            "the other program shows it in another version",
            "update the older of the two programs",
        ),
        Comparison::Unreadable => refuse(
            "safety_number_unreadable",
            "this is no safety number",
            "give the text that begins with WAXWING-SAFETY: as the other program shows it",
        ),
    }
}

fn tell(common: &Common, number: &SafetyNumber, comparison: Option<&str>) -> Result<(), Fail> {
    let handle = number.person().name();
    if common.json {
        return out::json(&json!({
            "handle": handle,
            "account": number.person().account.to_string(),
            "safety_number": number.digits(),
            "scannable": number.scannable(),
            "verified": number.is_verified(),
            "key_accepted": number.key_is_accepted(),
            "comparison": comparison,
        }));
    }
    out::line(&format!("the safety number of you and {}:", safe_text::one_line(handle)))?;
    for line in format!("{number:#}").lines() {
        out::line(&format!("  {line}"))?;
    }
    out::line(&number.scannable())?;
    out::line(match (number.is_verified(), number.key_is_accepted()) {
        (true, _) => "verified: you compared it",
        (false, true) => "not verified: compare it with what the other person sees, then add --confirm",
        (false, false) => "this key is new: compare it with what the other person sees before you accept it",
    })
}
