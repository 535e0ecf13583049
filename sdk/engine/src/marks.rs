//! What a text carries besides its words: the message that it answers, mentions, a mark that it was forwarded, custom content.

use std::fmt;

use prost::Message as _;
use waxwing_wire::{AccountId, MessageId, limits};

use crate::content::{BadContent, proto};
use crate::setting::TIMER_MAX_S;

/// Mentions in one message.
pub const MENTIONS_MAX: usize = 64;

/// Longest name of a custom content type, in bytes.
pub const CUSTOM_KIND_MAX_BYTES: usize = 64;

/// What a text carries besides its words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// The message that it answers. Nobody vouches that there is such a message.
    pub reply_to: Option<MessageId>,
    /// It was written somewhere else before, as its sender says.
    pub forwarded: bool,
    /// Accounts that are named in it, in the order of the text, without overlap.
    pub mentions: Vec<Mention>,
    /// Content of the app's own; the text is what an app shows that does not know it.
    pub custom: Option<Custom>,
    /// It disappears so many seconds after it was sent here, or read here; zero: it stays. The engine sets it, from the
    /// conversation's timer.
    pub expires_after_s: u32,
}

/// An account that is named in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mention {
    /// Who.
    pub account: AccountId,
    /// Where the name begins, in bytes of UTF-8.
    pub start_bytes: u32,
    /// How long it is, in bytes of UTF-8.
    pub length_bytes: u32,
}

/// Content of the app's own.
#[derive(Clone, PartialEq, Eq)]
pub struct Custom {
    /// Its type, such as `example.com/location`; 1 to [`CUSTOM_KIND_MAX_BYTES`].
    pub kind: String,
    /// Its bytes. With the text they are at most [`limits::TEXT_SIZE_MAX_BYTES`].
    pub payload: Vec<u8>,
}

/// The length only: content stays out of logs.
impl fmt::Debug for Custom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Custom({} bytes)", self.payload.len())
    }
}

/// The marks and the text do not fit each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadMarks {
    /// They are longer than a message may be.
    TooLarge,
    /// They make no sense.
    Invalid,
}

impl Marks {
    /// Whether there is nothing but the text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Marks::default()
    }

    /// Whether an account is mentioned.
    #[must_use]
    pub fn mentions(&self, account: AccountId) -> bool {
        self.mentions.iter().any(|mention| mention.account == account)
    }

    /// The marks at rest; empty where there are none.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_proto().map(|marks| marks.encode_to_vec()).unwrap_or_default()
    }

    /// Reads what [`Marks::to_bytes`] made; `None`: something else did.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Marks> {
        if bytes.is_empty() {
            return Some(Marks::default());
        }
        Marks::from_proto(proto::Marks::decode(bytes).ok()?).ok()
    }

    pub(crate) fn to_proto(&self) -> Option<proto::Marks> {
        (!self.is_empty()).then(|| proto::Marks {
            reply_to: self.reply_to.map(|id| id.as_bytes().to_vec()).unwrap_or_default(),
            forwarded: self.forwarded,
            mentions: self
                .mentions
                .iter()
                .map(|mention| proto::Mention {
                    account: mention.account.as_bytes().to_vec(),
                    start_bytes: mention.start_bytes,
                    length_bytes: mention.length_bytes,
                })
                .collect(),
            custom: self
                .custom
                .as_ref()
                .map(|custom| proto::Custom { kind: custom.kind.clone(), payload: custom.payload.clone() }),
            expires_after_s: self.expires_after_s,
        })
    }

    pub(crate) fn from_proto(marks: proto::Marks) -> Result<Marks, BadContent> {
        let mention = |mention: proto::Mention| {
            let account = AccountId::from_slice(&mention.account).ok_or(BadContent)?;
            let (start_bytes, length_bytes) = (mention.start_bytes, mention.length_bytes);
            Ok(Mention { account, start_bytes, length_bytes })
        };
        if marks.mentions.len() > MENTIONS_MAX {
            return Err(BadContent);
        }
        Ok(Marks {
            reply_to: match marks.reply_to.as_slice() {
                [] => None,
                id => Some(MessageId::from_slice(id).ok_or(BadContent)?),
            },
            forwarded: marks.forwarded,
            mentions: marks.mentions.into_iter().map(mention).collect::<Result<_, _>>()?,
            custom: marks.custom.map(|custom| Custom { kind: custom.kind, payload: custom.payload }),
            expires_after_s: marks.expires_after_s.min(TIMER_MAX_S),
        })
    }

    /// Checks that the marks fit a text: sizes, and that mentions stand in it in order, on whole characters.
    pub(crate) fn check(&self, text: &str) -> Result<(), BadMarks> {
        if let Some(custom) = &self.custom {
            if custom.kind.is_empty() || custom.kind.len() > CUSTOM_KIND_MAX_BYTES {
                return Err(BadMarks::Invalid);
            }
            if custom.payload.len().saturating_add(text.len()) > limits::TEXT_SIZE_MAX_BYTES {
                return Err(BadMarks::TooLarge);
            }
        }
        if self.mentions.len() > MENTIONS_MAX {
            return Err(BadMarks::TooLarge);
        }
        let mut free_from = 0;
        for mention in &self.mentions {
            let start = mention.start_bytes as usize;
            let end = start.saturating_add(mention.length_bytes as usize);
            let fits = start >= free_from && end > start && text.get(start..end).is_some();
            if !fits {
                return Err(BadMarks::Invalid);
            }
            free_from = end;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mention(start_bytes: u32, length_bytes: u32) -> Mention {
        Mention { account: AccountId::from_bytes([1; 16]), start_bytes, length_bytes }
    }

    #[test]
    fn marks_come_back_as_they_were_put_away() {
        let full = Marks {
            reply_to: Some(MessageId::from_bytes([2; 16])),
            forwarded: true,
            mentions: vec![mention(0, 3), mention(4, 2)],
            custom: Some(Custom { kind: "example/location".to_owned(), payload: vec![1, 2, 3] }),
            expires_after_s: 9,
        };
        for marks in [Marks::default(), full] {
            assert_eq!(Marks::from_bytes(&marks.to_bytes()), Some(marks));
        }
        assert!(Marks::default().to_bytes().is_empty());
        assert_eq!(Marks::from_bytes(&[0xff]), None);
    }

    #[test]
    fn mentions_stand_in_the_text_in_order_on_whole_characters() {
        let check =
            |mentions: &[Mention]| Marks { mentions: mentions.to_vec(), ..Marks::default() }.check("é hello");
        assert_eq!(check(&[mention(0, 2), mention(3, 5)]), Ok(()));
        for wrong in [
            &[mention(0, 1)][..],
            &[mention(3, 6)],
            &[mention(3, 0)],
            &[mention(3, 5), mention(0, 2)],
            &[mention(0, 4), mention(3, 2)],
            &[mention(u32::MAX, u32::MAX)],
        ] {
            assert_eq!(check(wrong), Err(BadMarks::Invalid), "{wrong:?}");
        }
    }

    #[test]
    fn custom_content_and_its_text_share_one_limit() {
        let check = |size| {
            let custom = Some(Custom { kind: "k".to_owned(), payload: vec![0; size] });
            Marks { custom, ..Marks::default() }.check("1234")
        };
        assert_eq!(check(limits::TEXT_SIZE_MAX_BYTES - 4), Ok(()));
        assert_eq!(check(limits::TEXT_SIZE_MAX_BYTES - 3), Err(BadMarks::TooLarge));
    }
}
