//! Settings of conversations, and messages that disappear.

use std::fmt::Debug;

use waxwing_engine::{
    Anchor, Apply, Body, Change, CounterRange, Marks, Message, Notice, Reception, Revision, Setting,
    SettingKind, SettingRecord, Status, View, Write,
};

use super::Subject;
use super::annotations::annotation;
use super::make::{address, conversation, device_id, incoming, message_id, outgoing, people};

pub(super) fn check<S>(fresh: &impl Fn() -> Subject<S>)
where
    S: View + Apply,
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    every_setting_comes_back_as_it_was_put(&mut fresh());
    conversations_come_by_their_newest_entry(&mut fresh());
    a_notice_of_a_timer_keeps_its_number(&mut fresh());
    messages_are_due_from_when_they_were_sent_or_read(&mut fresh());
    what_is_due_goes_and_nothing_else(&mut fresh());
}

fn every_setting_comes_back_as_it_was_put<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply(people());
    let record = |setting, count| SettingRecord {
        conversation: conversation(2),
        setting,
        revision: Revision { count, device: device_id(2) },
    };
    let all = [
        Setting::Draft("\u{1f426} half a".to_owned()),
        Setting::MutedUntil(i64::MAX),
        Setting::Pinned(true),
        Setting::Archived(true),
        Setting::MarkedUnread(false),
        Setting::Blocked(true),
        Setting::Timer(3_600),
    ];
    assert_eq!(store.read(|s| s.setting(conversation(2), SettingKind::Draft)), None);
    store.apply(all.clone().map(|setting| Write::PutSetting(record(setting, 1))));
    for setting in all {
        let found = store.read(|s| s.setting(conversation(2), setting.kind()));
        assert_eq!(found, Some(record(setting, 1)));
    }
    store.apply([Write::PutSetting(record(Setting::Pinned(false), 2))]);
    let found = store.read(|s| s.setting(conversation(2), SettingKind::Pinned));
    assert_eq!(found, Some(record(Setting::Pinned(false), 2)));
    assert_eq!(store.read(|s| s.setting(conversation(3), SettingKind::Pinned)), None);
    let newest = store.read(|s| s.newest_settings(2));
    assert_eq!(newest, [record(Setting::Pinned(false), 2), record(Setting::Timer(3_600), 1)]);
    assert_eq!(store.read(|s| s.newest_settings(99)).len(), 7);
}

fn conversations_come_by_their_newest_entry<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply(people());
    assert_eq!(store.read(|s| s.newest_conversations(9)), [], "nothing was said in any of them");
    let there = Message { conversation: conversation(3), sender: address(3, 1), ..incoming(2, 1, 1) };
    store.apply([incoming(1, 2, 1), there, incoming(3, 2, 2)].map(Write::PutMessage));
    assert_eq!(store.read(|s| s.newest_conversations(9)), [conversation(2), conversation(3)]);
    assert_eq!(store.read(|s| s.newest_conversations(1)), [conversation(2)]);
}

fn a_notice_of_a_timer_keeps_its_number<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply(people());
    for (n, seconds) in [(1, 0), (2, 3_600), (3, u32::MAX)] {
        let body = Body::Notice(Notice::TimerChanged { seconds });
        store.apply([Write::PutMessage(Message {
            body: body.clone(),
            status: Status::Local,
            ..outgoing(n)
        })]);
        assert_eq!(store.read(|s| s.message(message_id(n))).map(|message| message.body), Some(body));
    }
}

fn timed(message: Message, expires_after_s: u32) -> Message {
    Message { marks: Marks { expires_after_s, ..Marks::default() }, ..message }
}

fn messages_are_due_from_when_they_were_sent_or_read<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply(people());
    store.apply([incoming(2, 2, 2), timed(incoming(3, 2, 3), 10)].map(Write::PutMessage));
    assert_eq!(store.read(S::next_due_ms), None, "nobody has read it");
    store.apply([Write::StartTimers { conversation: conversation(2), at_ms: 5_000 }]);
    assert_eq!(store.read(S::next_due_ms), None, "nobody has read it");
    store.apply([Write::PutMessage(timed(outgoing(1), 100))]);
    assert_eq!(store.read(S::next_due_ms), Some(100_101), "stored at 101");
    let ranges = vec![CounterRange { first: 1, last: 9 }];
    store.apply([Write::MarkRead { conversation: conversation(2), sender: device_id(2), ranges }]);
    store.apply([Write::StartTimers { conversation: conversation(3), at_ms: 6_000 }]);
    assert_eq!(store.read(S::next_due_ms), Some(100_101), "another conversation was read");
    store.apply([Write::StartTimers { conversation: conversation(2), at_ms: 7_000 }]);
    store.apply([Write::StartTimers { conversation: conversation(2), at_ms: 9_000 }]);
    assert_eq!(store.read(S::next_due_ms), Some(17_000), "the first time counts");
    for (n, due_at_ms) in [(3, 18_000), (2, 1), (99, 1)] {
        store.apply([Write::DueBy { message: message_id(n), due_at_ms }]);
    }
    assert_eq!(store.read(S::next_due_ms), Some(17_000), "not later, and not what stays");
    store.apply([Write::DueBy { message: message_id(3), due_at_ms: 16_000 }]);
    assert_eq!(store.read(S::next_due_ms), Some(16_000), "sooner");
}

fn what_is_due_goes_and_nothing_else<S: View + Apply>(store: &mut Subject<S>)
where
    <S as View>::Error: Debug,
    <S as Apply>::Error: Debug,
{
    store.apply(people());
    store.apply([timed(outgoing(1), 1), timed(outgoing(2), 2), outgoing(3)].map(Write::PutMessage));
    store.apply([Write::SetCounter { message: message_id(1), counter: 7 }]);
    let lost = Message { status: Status::Incoming(Reception::Lost), ..timed(incoming(4, 2, 4), 1) };
    store.apply([Write::PutMessage(lost)]);
    let said = |n, anchor| annotation(n, 2, Change::React("+".to_owned()), anchor);
    store.apply([said(1, Anchor::Held), said(2, Anchor::Held)].map(Write::PutAnnotation));
    store.apply([Write::RemoveDue { now_ms: 1_100 }]);
    assert!(store.read(|s| s.message(message_id(1))).is_some(), "it is due at 1,101");
    store.apply([Write::RemoveDue { now_ms: 1_101 }]);
    assert_eq!(store.read(|s| s.message(message_id(1))), None);
    assert_eq!(store.read(|s| s.annotations(message_id(1))), [], "what was said about it goes too");
    for n in [2, 3, 4] {
        assert!(store.read(|s| s.message(message_id(n))).is_some(), "{n} stays");
    }
    assert_eq!(store.read(|s| s.annotations(message_id(2))).len(), 1);
    assert_eq!(store.read(S::next_due_ms), Some(2_102));
    assert_eq!(store.read(|s| s.highest_counter(conversation(2), device_id(1))), 7);
}
