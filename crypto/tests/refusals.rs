//! Each error says what happened, and none says what another one does.

use std::{collections::BTreeSet, error::Error, io};

use waxwing_crypto::{
    BundleError, HandshakeError, KeyError, OpenError, PaddingError, ParseError, PrekeyError, SealError,
    SnapshotError, attachment, backup,
    group::{DistributionError, GroupOpenError, roster::RosterError},
    link, profile, sealed_sender,
};

fn all_differ<E: Error>(errors: &[E]) {
    let texts: BTreeSet<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), errors.len(), "{texts:?}");
    assert!(texts.iter().all(|text| text.len() > 10), "{texts:?}");
}

fn io() -> io::Error {
    io::ErrorKind::NotFound.into()
}

#[test]
fn refusals_of_keys_and_messages_say_what_happened() {
    all_differ(&[KeyError::NotCanonical, KeyError::Weak]);
    all_differ(&[PaddingError]);
    all_differ(&[PrekeyError]);
    all_differ(&[SnapshotError::Malformed, SnapshotError::Unsupported]);
    all_differ(&[ParseError::Malformed, ParseError::Unsupported, ParseError::TooLong]);
    all_differ(&[HandshakeError::OtherDevice, HandshakeError::WeakKey]);
    all_differ(&[OpenError::Rejected, OpenError::Duplicate, OpenError::TooFarAhead]);
    all_differ(&[SealError::TooLong, SealError::ChainExhausted, SealError::WeakKey]);
    all_differ(&[
        BundleError::Malformed,
        BundleError::UnknownSuite,
        BundleError::OtherDevice,
        BundleError::BadSignature,
    ]);
}

#[test]
fn refusals_in_groups_say_what_happened() {
    use DistributionError as D;
    all_differ(&[D::Malformed, D::Unsupported, D::OtherGroup, D::OtherEpoch, D::OtherSender]);
    use GroupOpenError as G;
    all_differ(&[G::Rejected, G::Duplicate, G::BeforeStart, G::TooFarAhead]);
    use RosterError as R;
    all_differ(&[R::Malformed, R::Unsupported, R::OtherGroup, R::NotNext, R::UnknownSigner, R::BadSignature]);
    all_differ(&[R::NotPermitted, R::NoEffect, R::TooMany, R::NoOwner]);
}

#[test]
fn refusals_of_files_say_what_happened() {
    use attachment::{CheckpointError, DescriptorError as D, OpenError as O, ResealError, SealError};
    all_differ(&[CheckpointError]);
    all_differ(&[D::Malformed, D::Unsupported, D::WrongSize, D::WrongKey]);
    all_differ(&[SealError::Io(io()), SealError::TooLong]);
    all_differ(&[
        ResealError::Io(io()),
        ResealError::Changed { segment: 1 },
        ResealError::Changed { segment: 2 },
    ]);
    let rejected = |segment| O::Rejected { segment };
    all_differ(&[
        O::Io(io()),
        O::WrongKey,
        O::Truncated,
        O::TooLong,
        O::WrongDigest,
        O::Failed,
        rejected(1),
        rejected(2),
    ]);
    use profile::{ProfileError as P, TooLong};
    all_differ(&[TooLong]);
    let (other, older) = (|version| P::OtherKey { version }, |revision| P::Older { revision });
    all_differ(&[P::Malformed, P::Unsupported, P::Rejected, other(1), other(2), older(1), older(2)]);
}

#[test]
fn refusals_of_backups_and_links_say_what_happened() {
    use backup::{CostError, HeaderError as H, OpenError as O, SealError as S};
    all_differ(&[CostError]);
    all_differ(&[H::Malformed, H::Unsupported, H::OutOfBounds]);
    all_differ(&[S::Io(io()), S::NoMemory, S::TooLong]);
    let (rejected, older) = (|segment| O::Rejected { segment }, |counter| O::Older { counter });
    all_differ(&[
        O::Io(io()),
        O::Header(H::Malformed),
        O::Header(H::Unsupported),
        O::OtherAccount,
        O::OtherLock,
    ]);
    all_differ(&[
        O::NoMemory,
        O::WrongKey,
        O::Truncated,
        O::TooLong,
        O::Failed,
        rejected(1),
        rejected(2),
        older(1),
    ]);
    use backup::PrintedKeyError as P;
    let (group, short) = (|number| P::Group { number }, |groups| P::TooShort { groups });
    all_differ(&[group(1), group(2), short(1), short(2), P::TooLong, P::Mixed]);
    use link::{ChannelError as C, CodeDiffers, LinkError as L};
    all_differ(&[CodeDiffers]);
    all_differ(&[L::Malformed, L::Unsupported, L::WeakKey, L::OtherOffer, L::OtherReveal]);
    let gap = |due| C::Gap { due };
    all_differ(&[C::Rejected, C::Duplicate, C::TooLong, C::Exhausted, C::Ended, gap(1), gap(2)]);
}

#[test]
fn refusals_of_sealed_messages_say_what_happened() {
    use sealed_sender::{RecordError as R, Rejected, SealError as S};
    all_differ(&[Rejected]);
    all_differ(&[R::Malformed, R::Unsupported, R::OtherDevice, R::BadSignature]);
    all_differ(&[S::TooLong, S::NotOurList, S::WeakKey]);
}
