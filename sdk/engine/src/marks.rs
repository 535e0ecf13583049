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
    /// In a group: random, and a part of what members compare of it, so that it tells nothing to whoever has not got the
    /// message. The engine draws it.
    pub salt: Option<[u8; 16]>,
    /// In a group: when it was opened here, its sender was no member any more. It is sealed with what the sender had before; whether it
    /// was written before, nobody can tell. The engine sets it.
    pub after_removal: bool,
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

    /// The marks as an app sets them: without what the engine adds.
    #[must_use]
    pub fn of_app(self) -> Marks {
        Marks { expires_after_s: 0, salt: None, after_removal: false, ..self }
    }

    /// A text and what goes with it, in bytes that members compare: one encoding, and nothing in it that may differ between
    /// honest members.
    pub(crate) fn said(&self, text: &str) -> Vec<u8> {
        let mut said = Vec::with_capacity(text.len() + 32);
        let mut put = |bytes: &[u8]| {
            said.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
            said.extend_from_slice(bytes);
        };
        put(text.as_bytes());
        put(self.reply_to.as_ref().map_or(&[][..], |id| id.as_bytes()));
        put(&[u8::from(self.forwarded)]);
        let (kind, payload) = match &self.custom {
            Some(custom) => (custom.kind.as_bytes(), &custom.payload[..]),
            None => (&[][..], &[][..]),
        };
        put(kind);
        put(payload);
        for mention in &self.mentions {
            put(mention.account.as_bytes());
            put(&mention.start_bytes.to_be_bytes());
            put(&mention.length_bytes.to_be_bytes());
        }
        said
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
            salt: self.salt.map(|salt| salt.to_vec()).unwrap_or_default(),
            after_removal: self.after_removal,
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
            salt: match marks.salt.as_slice() {
                [] => None,
                salt => Some(salt.try_into().map_err(|_| BadContent)?),
            },
            after_removal: marks.after_removal,
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
            salt: Some([5; 16]),
            after_removal: true,
        };
        for marks in [Marks::default(), full] {
            assert_eq!(Marks::from_bytes(&marks.to_bytes()), Some(marks));
        }
        assert!(Marks::default().to_bytes().is_empty());
        assert_eq!(Marks::from_bytes(&[0xff]), None);
    }

    #[test]
    fn what_is_said_is_all_that_a_person_sees_and_nothing_else() {
        let marks = Marks {
            reply_to: Some(MessageId::from_bytes([2; 16])),
            forwarded: true,
            mentions: vec![mention(0, 3)],
            custom: Some(Custom { kind: "k".to_owned(), payload: vec![1] }),
            ..Marks::default()
        };
        let said = marks.said("text");
        assert_eq!(
            Marks { expires_after_s: 7, salt: Some([1; 16]), after_removal: true, ..marks.clone() }
                .said("text"),
            said
        );
        for other in [
            marks.said("texts"),
            Marks { reply_to: None, ..marks.clone() }.said("text"),
            Marks { forwarded: false, ..marks.clone() }.said("text"),
            Marks { mentions: vec![mention(0, 4)], ..marks.clone() }.said("text"),
            Marks { custom: None, ..marks }.said("text"),
        ] {
            assert_ne!(other, said);
        }
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
