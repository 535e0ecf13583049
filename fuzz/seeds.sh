#!/usr/bin/env bash
# Makes the committed seeds out of the golden files: real encodings of this version. Run it after `cargo xtask vectors`.
set -euo pipefail
cd "$(dirname "$0")"

unhex() { # hex on standard input, bytes to the file named
    mkdir -p "$(dirname "$1")"
    perl -0777 -ne 's/\s//g; print pack "H*", $_' >"$1"
}

line() { # golden file of crypto, name of a line: its hex
    grep "^$2 " "../crypto/tests/golden/$1.txt" | cut -d' ' -f2
}

from_crypto() { # target, name of a line in the golden file
    grep "^$2 " ../crypto/tests/golden/spine.txt | cut -d' ' -f2 | unhex "corpus/$1/$2"
}

rm -rf corpus
for name in bundle last-resort-bundle; do from_crypto bundle_verify "$name"; done
for name in device-list-1 device-list-2 device-list-3; do from_crypto device_list_verify "$name"; done
for name in initial-message ratchet-message message-with-offer message-with-answer; do from_crypto message_parse "$name"; done
for name in unanswered responder with-skipped after-late offered asked answering refreshed; do from_crypto session_snapshot "snapshot-$name"; done
for name in distribution-at-1 group-message-1 group-message-3 sender-key receiver-key-fresh receiver-key-with-skipped; do
    line group "$name" | unhex "corpus/group/$name"
done
for name in create add remove role settings profile roster-at-rest; do line roster "$name" | unhex "corpus/roster/$name"; done
for file in ../wire/tests/golden/*.hex; do
    name=$(basename "$file" .hex)
    case $name in
        acknowledge | fetch_* | hello | login | ping | publish_* | register | submit | update_*) side=client ;;
        *) side=relay ;;
    esac
    unhex "corpus/decode_$side/$name" <"$file"
done
{ line attachments descriptor; line attachments blob; } | unhex corpus/attachment/one-segment
line attachments descriptor-of-two-segments | unhex corpus/attachment/descriptor
line attachments checkpoint | unhex corpus/attachment/checkpoint
for name in record sealed-message sealed-message-with-introduction; do
    line sealed_sender "$name" | unhex "corpus/sealed_sender/$name"
done
line trust safety-number-scan | unhex corpus/safety_number/match
line trust safety-number-scan-of-another-key | unhex corpus/safety_number/mismatch
for name in invitation invitation-text offer commitment nonce reveal to-account; do
    line links $name | unhex "corpus/link/$name"
done
for name in printed-key-text header header-by-passphrase; do line backups $name | unhex "corpus/backup/$name"; done
mkdir -p corpus/unpad
perl -e 'print "hello\x80", "\0" x 122' >corpus/unpad/hello
perl -e 'print "\x80", "\0" x 127' >corpus/unpad/empty
perl -e 'print "x" x 1100, "\x80", "\0" x 51' >corpus/unpad/longer
# Schedules: each byte a step (see the target).
mkdir -p corpus/session_decrypt
perl -e 'print "\x00\x02\x01\x03" x 60' >corpus/session_decrypt/turns
perl -e 'print "\x00" x 40, "\x52\x0a\x02" x 12, "\x01\x03\x00\x02"' >corpus/session_decrypt/late
perl -e 'print "\x00\x04\x21\x01\x04\x99\x80\x06\x02\x01\x05\x4f\x40\x07\x03" x 20' >corpus/session_decrypt/tampered
