//! The limits of `docs/spec.md` are those of the code, the computed ones too.

use waxwing_crypto::{
    DEVICES_MAX, DEVICES_REMOVED_MAX, JUMP_MAX, MESSAGE_BYTES_MAX, PLAINTEXT_BYTES_MAX, REFRESH_AFTER,
    REFRESH_MESSAGES, SCAN_BYTES, SKIPPED_MAX, attachment, backup, group, link, profile, sealed_sender,
};

const SPEC: &str = include_str!("../../docs/spec.md");

#[test]
fn the_specified_limits_are_those_of_the_code() {
    let small = u64::from;
    let size = |bytes: usize| u64::try_from(bytes).unwrap();
    let limits = [
        ("DEVICES_MAX", size(DEVICES_MAX)),
        ("DEVICES_REMOVED_MAX", size(DEVICES_REMOVED_MAX)),
        ("MESSAGE_BYTES_MAX", size(MESSAGE_BYTES_MAX)),
        ("PLAINTEXT_BYTES_MAX", size(PLAINTEXT_BYTES_MAX)),
        ("JUMP_MAX", small(JUMP_MAX)),
        ("SKIPPED_MAX", size(SKIPPED_MAX)),
        ("REFRESH_MESSAGES", small(REFRESH_MESSAGES)),
        ("REFRESH_AFTER", REFRESH_AFTER.as_secs()),
        ("SENDER_KEY_MESSAGES_MAX", small(group::SENDER_KEY_MESSAGES_MAX)),
        ("SENDER_KEY_AGE_MAX", group::SENDER_KEY_AGE_MAX.as_secs()),
        ("BATCH_MAX", size(group::BATCH_MAX)),
        ("MEMBERS_MAX", size(group::roster::MEMBERS_MAX)),
        ("GROUP_PROFILE_BYTES_MAX", size(group::roster::GROUP_PROFILE_BYTES_MAX)),
        ("HEADER_BYTES", size(backup::HEADER_BYTES)),
        ("BACKUP_BYTES_MAX", backup::BACKUP_BYTES_MAX),
        ("ATTACHMENT_BYTES_MAX", attachment::ATTACHMENT_BYTES_MAX),
        ("DESCRIPTOR_BYTES", size(attachment::DESCRIPTOR_BYTES)),
        ("CHECKPOINT_BYTES", size(attachment::CHECKPOINT_BYTES)),
        ("PROFILE_KEY_BYTES", size(profile::PROFILE_KEY_BYTES)),
        ("INVITATION_BYTES", size(link::INVITATION_BYTES)),
        ("LINK_CONTENT_BYTES_MAX", size(link::LINK_CONTENT_BYTES_MAX)),
        ("LINK_MESSAGES_MAX", small(link::LINK_MESSAGES_MAX)),
        ("SCAN_BYTES", size(SCAN_BYTES)),
        ("INTRODUCTION_BYTES_MAX", size(sealed_sender::INTRODUCTION_BYTES_MAX)),
    ];
    for (name, value) in limits {
        let row = SPEC.lines().find_map(|line| line.strip_prefix(&format!("| `{name}` | "))).unwrap();
        let (specified, _) = row.split_once(" |").unwrap();
        assert_eq!(specified.replace(',', ""), value.to_string(), "{name}");
    }
}
