//! `verify`: the safety number of a person, compared and confirmed.

use serde_json::json;
use waxwing::{Client, Comparison, SafetyNumber};

use super::task::Manner;
use crate::args::Verify;
use crate::fail::Fail;
use crate::{out, safe_text, session};

/// Does what the options say, and tells the number.
pub(super) async fn carry_out(
    client: &Client,
    options: &Verify,
    manner: Manner,
) -> Result<Vec<String>, Fail> {
    let (number, comparison) = verify(client, options).await?;
    Ok(lines(&number, comparison, manner))
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

fn lines(number: &SafetyNumber, comparison: Option<&str>, manner: Manner) -> Vec<String> {
    let handle = number.person().name();
    if manner.json {
        return vec![out::json_text(&json!({
            "handle": handle,
            "account": number.person().account.to_string(),
            "safety_number": number.digits(),
            "scannable": number.scannable(),
            "verified": number.is_verified(),
            "key_accepted": number.key_is_accepted(),
            "comparison": comparison,
        }))];
    }
    let mut lines = vec![format!("the safety number of you and {}:", safe_text::one_line(handle))];
    lines.extend(format!("{number:#}").lines().map(|line| format!("  {line}")));
    lines.push(number.scannable());
    lines.push(String::from(match (number.is_verified(), number.key_is_accepted()) {
        (true, _) => "verified: you compared it",
        (false, true) => "not verified: compare it with what the other person sees, then add --confirm",
        (false, false) => "this key is new: compare it with what the other person sees before you accept it",
    }));
    lines
}
